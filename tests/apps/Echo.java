// Echo.java - the JDK's HttpServer and HttpClient. "server PORT": sends back what it is sent, until it is killed.
// "client URL FILE": sends a file, then 50 requests at once, and compares; then makes a plain connection that stands
// until there is something to read on stdin.
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

public class Echo {
    static void serve(int port) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
        server.createContext("/", exchange -> {
            byte[] answer = exchange.getRequestMethod().equals("PUT")
                ? exchange.getRequestBody().readAllBytes()
                : ("answer to " + exchange.getRequestURI()).getBytes();
            exchange.getResponseHeaders().set("X-Client", exchange.getRemoteAddress().getAddress().getHostAddress());
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.start();
        System.out.println("listening on " + server.getAddress());
    }

    static HttpRequest.Builder request(String url) {
        return HttpRequest.newBuilder(URI.create(url)).version(HttpClient.Version.HTTP_1_1);
    }

    static void visit(String url, Path file) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        HttpResponse<byte[]> echo = client.send(
            request(url).PUT(HttpRequest.BodyPublishers.ofFile(file)).build(),
            HttpResponse.BodyHandlers.ofByteArray());
        if (!Arrays.equals(echo.body(), Files.readAllBytes(file)))
            throw new Exception("what came back differs");
        System.out.println("the server sees " + echo.headers().firstValue("X-Client").orElseThrow());

        CompletableFuture<?>[] all = IntStream.range(0, 50).mapToObj(i -> client
            .sendAsync(request(url + i).build(), HttpResponse.BodyHandlers.ofString())
            .thenAccept(response -> {
                if (!response.body().equals("answer to /" + i))
                    throw new IllegalStateException("answer " + i + ": " + response.body());
            })).toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(all).join();
        System.out.println("50 answers");
    }

    // A plain Socket, as JDBC drivers use it: stands until there is something to read on stdin.
    static void hold(URI uri) throws Exception {
        try (Socket socket = new Socket()) {
            socket.setTcpNoDelay(true);
            socket.setKeepAlive(true);
            socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), 5000);
            System.out.println("connected to " + socket.getRemoteSocketAddress());
            System.in.read();
        }
    }

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
        case "server" -> serve(Integer.parseInt(arguments[1]));
        case "client" -> {
            visit(arguments[1], Path.of(arguments[2]));
            hold(URI.create(arguments[1]));
        }
        default -> throw new IllegalArgumentException(arguments[0]);
        }
    }
}
