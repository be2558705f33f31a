// echo.mjs server PORT | client URL FILE - Node's http, as server and as client. The server sends back what it is sent;
// the client sends a file, then 200 small requests, 20 at a time, over kept connections; it says what it saw.
import { createReadStream, readFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";

const [, , role, where, file] = process.argv;

function serve(port) {
  const server = http.createServer((request, response) => {
    response.setHeader("X-Client", request.socket.remoteAddress);
    if (request.method === "PUT") request.pipe(response);
    else response.end(`answer to ${request.url}`);
  });
  server.listen(port, () => console.log("listening on", JSON.stringify(server.address())));
  process.on("SIGTERM", () => process.exit(0));
}

function ask(url, options, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, options, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ response, content: Buffer.concat(parts) }));
      response.on("error", reject);
    });
    request.on("error", reject);
    if (body) body.pipe(request);
    else request.end();
  });
}

async function visit(url, name) {
  const put = await ask(url, { method: "PUT" }, createReadStream(name));
  if (!put.content.equals(readFileSync(name))) throw new Error("what came back differs");
  console.log("the server sees", put.response.headers["x-client"]);

  const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
  const numbers = Array.from({ length: 200 }, (_, i) => i);
  await Promise.all(
    numbers.map(async (i) => {
      const { content } = await ask(`${url}${i}`, { agent });
      if (content.toString() !== `answer to /${i}`) throw new Error(`answer ${i}: ${content}`);
    }),
  );
  agent.destroy();
  console.log("200 answers");
}

// A connection that stands until stdin ends.
function hold(url) {
  const { hostname, port } = new URL(url);
  const socket = net.connect(Number(port), hostname, () => {
    console.log("connected to", socket.remoteAddress, socket.remotePort);
    process.stdin.resume();
    process.stdin.on("end", () => socket.end());
  });
}

if (role === "server") serve(Number(where));
else if (role === "hold") hold(where);
else await visit(where, file);
