// Crowd HOST PORT COUNT - as crowd.py, by Java's selector; no times
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.TreeMap;

class Crowd {
    static final TreeMap<String, Integer> said = new TreeMap<>();

    static void finish(SocketChannel channel, String outcome) throws Exception {
        said.merge(outcome, 1, Integer::sum);
        channel.close();
    }

    static void connected(SelectionKey key, InetSocketAddress to) throws Exception {
        SocketChannel channel = (SocketChannel) key.channel();
        try {
            channel.finishConnect();
        } catch (java.net.ConnectException why) {
            finish(channel, why.getMessage());
            return;
        }
        if (!channel.getRemoteAddress().equals(to))
            throw new Exception("connected to " + channel.getRemoteAddress());
        channel.write(ByteBuffer.wrap("a word".getBytes()));
        key.interestOps(SelectionKey.OP_READ);
    }

    public static void main(String[] arguments) throws Exception {
        InetSocketAddress to = new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1]));
        int count = Integer.parseInt(arguments[2]), left = count;
        Selector selector = Selector.open();
        for (int number = 0; number < count; number++) {
            SocketChannel channel = SocketChannel.open();
            channel.configureBlocking(false);
            if (number % 2 == 0) // before, as some do, or after
                channel.register(selector, SelectionKey.OP_CONNECT);
            channel.connect(to);
            channel.register(selector, SelectionKey.OP_CONNECT);
        }
        while (said.values().stream().mapToInt(Integer::intValue).sum() < count) {
            selector.select(20000);
            for (SelectionKey key : selector.selectedKeys())
                if (key.isConnectable())
                    connected(key, to);
                else if (((SocketChannel) key.channel()).read(ByteBuffer.allocate(64)) > 0)
                    finish((SocketChannel) key.channel(), "carried");
            selector.selectedKeys().clear();
        }
        System.out.println(said);
    }
}
