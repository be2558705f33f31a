// Node's net, on libuv.
import net from "node:net";

net.createServer((socket) => {
  socket.on("data", (text) => socket.end(text));
}).listen(Number(process.argv[2]), "0.0.0.0");
