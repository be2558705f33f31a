// SPDX-License-Identifier: MIT
// Asking.java ADDRESS PORT - reads 3 MiB by 4 KiB without and with available() before each read, five times in turn;
// prints the shortest time of each, in microseconds
import java.io.InputStream;
import java.net.Socket;

class Asking {
	static final int QUEUED = 3 << 20;

	static long read(String host, int port, boolean asking) throws Exception {
		byte[] data = new byte[4096];
		int size = 0;
		try (Socket socket = new Socket(host, port)) {
			InputStream in = socket.getInputStream();
			while (in.available() < QUEUED)
				Thread.sleep(10);
			long before = System.nanoTime();
			while (size < QUEUED) {
				if (asking && in.available() < 1)
					throw new Exception("nothing is available, but there is something");
				size += in.read(data);
			}
			return (System.nanoTime() - before) / 1000;
		}
	}

	public static void main(String[] words) throws Exception {
		long[] least = {Long.MAX_VALUE, Long.MAX_VALUE};
		for (int round = 0; round < 10; round++)
			least[round % 2] = Math.min(least[round % 2],
				read(words[0], Integer.parseInt(words[1]), round % 2 == 1));
		System.out.println(least[0] + " " + least[1]);
	}
}
