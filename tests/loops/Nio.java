// Nio.java serve PORT | call ADDRESS PORT COUNT - an echo server, and a client of it with many connections at once, on
// Java's selectors.
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

public class Nio {
    static Selector selector;

    static byte[] payload(int number) {
        byte[] data = new byte[1000 + number * 61];
        for (int at = 0; at < data.length; at++) {
            data[at] = (byte) (number * 131 + at * 7 + at / 251);
        }
        return data;
    }

    static void serve(int port) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open();
        listener.configureBlocking(false);
        listener.bind(new InetSocketAddress("0.0.0.0", port), 512);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        while (true) {
            selector.select();
            for (SelectionKey key : selector.selectedKeys()) {
                if (key.isAcceptable()) {
                    SocketChannel accepted = listener.accept();
                    accepted.configureBlocking(false);
                    accepted.register(selector, SelectionKey.OP_READ, ByteBuffer.allocate(8192));
                } else {
                    echo(key);
                }
            }
            selector.selectedKeys().clear();
        }
    }

    static void echo(SelectionKey key) throws IOException {
        SocketChannel channel = (SocketChannel) key.channel();
        ByteBuffer pending = (ByteBuffer) key.attachment();
        if (key.isReadable() && channel.read(pending) < 0) {
            channel.close();
            return;
        }
        pending.flip();
        channel.write(pending);
        pending.compact();
        key.interestOps(pending.position() > 0 ? SelectionKey.OP_WRITE : SelectionKey.OP_READ);
    }

    static class Client {
        final byte[] data;
        final ByteBuffer left, back;

        Client(int number) {
            data = payload(number);
            left = ByteBuffer.wrap(data);
            back = ByteBuffer.allocate(data.length + 1);
        }

        boolean finished(SelectionKey key) throws IOException {
            SocketChannel channel = (SocketChannel) key.channel();
            if (key.isConnectable()) {
                channel.finishConnect();
                key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            }
            if (key.isWritable()) {
                channel.write(left);
                if (!left.hasRemaining()) {
                    channel.shutdownOutput();
                    key.interestOps(SelectionKey.OP_READ);
                }
            }
            if (!key.isReadable() || channel.read(back) >= 0) {
                return false;
            }
            if (!back.flip().equals(ByteBuffer.wrap(data))) {
                throw new IOException("what came back differs");
            }
            channel.close();
            return true;
        }
    }

    static void call(String host, int port, int count) throws IOException {
        for (int number = 0; number < count; number++) {
            SocketChannel channel = SocketChannel.open();
            channel.configureBlocking(false);
            SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT, new Client(number));
            if (channel.connect(new InetSocketAddress(host, port))) {
                key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            }
        }
        int finished = 0;
        long bytes = 0;
        while (finished < count) {
            selector.select();
            for (SelectionKey key : selector.selectedKeys()) {
                Client client = (Client) key.attachment();
                if (client.finished(key)) {
                    finished++;
                    bytes += client.data.length;
                }
            }
            selector.selectedKeys().clear();
        }
        System.out.println(finished + " connections, " + bytes + " bytes the same");
    }

    public static void main(String[] arguments) throws IOException {
        selector = Selector.open();
        if (arguments[0].equals("serve")) {
            serve(Integer.parseInt(arguments[1]));
        } else {
            call(arguments[1], Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
        }
    }
}
