// probed.mjs - "node probed.mjs PORT": a server that ends its side of each connection at once; an error ends it.
import net from "node:net";

const server = net.createServer((connection) => {
  connection.on("close", (failed) => console.log(failed ? "failed" : "read 0"));
  connection.resume();
  connection.end();
});
server.listen(Number(process.argv[2]), () => console.log("listening"));
