/* Named.java URL - what is there, and the name of the address that stands for its host */
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

class Named {
	public static void main(String[] arguments) throws Exception
	{
		URI page = URI.create(arguments[0]);
		HttpRequest request = HttpRequest.newBuilder(page).build();
		String answer = HttpClient.newHttpClient()
					.send(request, HttpResponse.BodyHandlers.ofString())
					.body();
		byte[] address = InetAddress.getByName(page.getHost()).getAddress();

		System.out.println(answer.trim() + " " +
				   InetAddress.getByAddress(address).getCanonicalHostName());
	}
}
