/* Named.java HOST - the page of a web server by its name, and the name of the address that stands for it */
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

class Named {
	public static void main(String[] arguments) throws Exception
	{
		URI page = URI.create("http://" + arguments[0] + "/page");
		HttpRequest request = HttpRequest.newBuilder(page).build();
		String answer = HttpClient.newHttpClient()
					.send(request, HttpResponse.BodyHandlers.ofString())
					.body();
		byte[] address = InetAddress.getByName(arguments[0]).getAddress();

		System.out.println(answer.trim() + " " +
				   InetAddress.getByAddress(address).getCanonicalHostName());
	}
}
