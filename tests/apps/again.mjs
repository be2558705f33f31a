// again.mjs PORT - a connection that the server has closed is written to: once, then again
import net from "node:net";

const connection = net.connect({ port: Number(process.argv[2]), host: "127.0.0.1", allowHalfOpen: true });
connection.on("error", (error) => console.log("error", error.code));
connection.on("close", () => console.log("closed"));
connection.on("data", (data) => console.log("data", data.length));
connection.on("end", () => {
  connection.write("QUIT\r\n", (error) => {
    console.log("first:", error ? error.code : "ok");
    connection.write("QUIT\r\n", (again) => console.log("second:", again ? again.code : "ok"));
  });
});
connection.write("GET / HTTP/1.1\r\n\r\n");
