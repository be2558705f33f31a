// net.mjs serve PORT | call ADDRESS PORT COUNT - an echo server, and a client of it with many connections at once, on
// Node's net.
import net from "node:net";

const [, , role, ...where] = process.argv;

function payload(number) {
  const data = Buffer.alloc(1000 + number * 61);
  for (let at = 0; at < data.length; at++) data[at] = number * 131 + at * 7 + Math.floor(at / 251);
  return data;
}

function serve(port) {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
  server.listen({ port, host: "0.0.0.0", backlog: 512 });
}

function exchange(port, host, number) {
  return new Promise((resolve, reject) => {
    const data = payload(number);
    const parts = [];
    const socket = net.connect({ port, host, allowHalfOpen: true }, () => socket.end(data));
    socket.on("data", (part) => parts.push(part));
    socket.on("error", reject);
    socket.on("end", () => {
      if (Buffer.concat(parts).equals(data)) resolve(data.length);
      else reject(new Error("what came back differs"));
    });
  });
}

async function call(host, port, count) {
  const sizes = await Promise.all(Array.from({ length: count }, (_, i) => exchange(port, host, i)));
  console.log(`${sizes.length} connections, ${sizes.reduce((a, b) => a + b, 0)} bytes the same`);
}

if (role === "serve") serve(Number(where[0]));
else await call(where[0], Number(where[1]), Number(where[2]));
