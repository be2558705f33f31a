// Probed.java - "Probed PORT": a server that ends its side of each connection at once, and then reads what there is.
import java.net.ServerSocket;
import java.net.Socket;

public class Probed {
    public static void main(String[] arguments) throws Exception {
        try (ServerSocket server = new ServerSocket(Integer.parseInt(arguments[0]))) {
            System.out.println("listening");
            for (;;) {
                try (Socket socket = server.accept()) {
                    socket.shutdownOutput();
                    System.out.println("read " + socket.getInputStream().readAllBytes().length);
                }
            }
        }
    }
}
