// crowd.mjs HOST PORT COUNT - as crowd.py, by Node
import net from 'node:net';

const [host, ports, count] = [process.argv[2], process.argv[3].split(',').map(Number), Number(process.argv[4])];
const said = {};
const begun = performance.now();
let last = begun, longest = 0, left = count;

function tick() {
  const now = performance.now();
  longest = Math.max(longest, now - last);
  last = now;
  if (left > 0) {
    setTimeout(tick, 1);
    return;
  }
  const outcomes = Object.keys(said).sort().map((text) => `${text} ${said[text]}`).join(' ');
  console.log(`${outcomes}: ${Math.round(last - begun)} ms, ${Math.round(longest)} ms`);
}

function ended(outcome) {
  said[outcome] = (said[outcome] ?? 0) + 1;
  left--;
}

for (let number = 0; number < count; number++) {
  const word = String(number).padStart(8, '0');
  const port = ports[number % ports.length];
  const where = ports.length > 1 ? `${port} ` : '';
  let got = '';
  const socket = net.connect(port, host, () => {
    if (socket.remoteAddress !== host || socket.remotePort !== port) {
      throw new Error(`connected to ${socket.remoteAddress}`);
    }
    socket.write(word);
  });
  socket.on('data', (data) => {
    got += data;
    if (got === word) {
      ended(`${where}carried`);
      socket.end();
    }
  });
  socket.on('error', (why) => ended(where + why.code));
}
tick();
