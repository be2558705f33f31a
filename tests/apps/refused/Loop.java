// Java's ServerSocket, in a plain loop; and its channels, with a selector.
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;

class Loop {
    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[1]);
        if (arguments[0].equals("plain")) plain(port);
        else selected(port);
    }

    static void plain(int port) throws Exception {
        try (var listener = new ServerSocket()) {
            listener.bind(new InetSocketAddress("0.0.0.0", port));
            while (true) {
                try (var connection = listener.accept()) {
                    var text = new byte[64];
                    int length = connection.getInputStream().read(text);
                    if (length > 0) connection.getOutputStream().write(text, 0, length);
                }
            }
        }
    }

    static void selected(int port) throws Exception {
        var selector = Selector.open();
        var listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress("0.0.0.0", port));
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        while (true) {
            selector.select();
            selector.selectedKeys().clear();
            try (var connection = listener.accept()) {
                if (connection == null) continue;
                var text = ByteBuffer.allocate(64);
                if (connection.read(text) > 0) connection.write(text.flip());
            }
        }
    }
}
