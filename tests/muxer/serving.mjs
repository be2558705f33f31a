// serving.mjs HOST ANSWERS SILENT ROUNDS - as serving.py, by Node
import net from 'node:net';

const host = process.argv[2];
const [answers, silent, rounds] = process.argv.slice(3).map(Number);
let served = 0;

function stall(port) {
  return new Promise((resolve) => {
    const before = served, sockets = [];
    let last = performance.now(), longest = 0, connected = 0;
    const until = last + 250;
    for (let i = 0; i < 10; i++) {
      const socket = net.connect(port, host, () => connected++);
      socket.on('error', (why) => {
        throw new Error(`no connection to port ${port}: ${why}`);
      });
      sockets.push(socket);
    }
    function tick() {
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
      if (now < until) {
        setTimeout(tick, 1);
        return;
      }
      sockets.forEach((socket) => socket.destroy());
      if (served === before) {
        throw new Error('nobody else was served');
      }
      resolve(connected === (port === answers ? 10 : 0) ? longest : Infinity);
    }
    setTimeout(tick, 1);
  });
}

const server = net.createServer((socket) => socket.on('data', (data) => {
  served++;
  socket.write(data);
}));
server.listen(0, '127.0.0.1', async () => {
  console.log(server.address().port);
  while (!served) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const least = [Infinity, Infinity];
  for (let round = 0; round < rounds; round++) {
    for (const [i, port] of [answers, silent].entries()) {
      least[i] = Math.min(least[i], await stall(port));
    }
  }
  console.log(least.map((one) => one.toFixed(2)).join(' '));
  process.exit();
});
