"""broker.py - the program's side of the broker, in plain Python: what the shim does, without the shim.

A program that imports this runs under the launcher, for VSOCKIFY_BROKER, but without LD_PRELOAD. docs/broker.md has the
contract, shim/broker/message.h its words.
"""
import array
import fcntl
import mmap
import os
import select
import socket
import struct
import termios
import time

HELLO, WELCOME, CONNECT, GIVE, HANDOVER, COMMIT, LOOKUP, FOUND, HOLD, STATUS, LISTEN, LISTENING, ARRIVAL = range(1, 14)
MAGIC, VERSION = 0x76736662, 3
HEAD = struct.Struct("=IHHIIQQ16s16x")
REQUEST, ANSWER = 2304, 64
SO_COOKIE = 57
SLOTS = 65536


def mapped(address):
    return bytes(10) + b"\xff\xff" + socket.inet_aton(address)


class Broker:
    def __init__(self, text=None):
        self.text = text or os.environ["VSOCKIFY_BROKER"]
        _, token, secret, rules, self.name, self.path = self.text.split(":", 5)
        self.token, self.secret, self.rules = bytes.fromhex(token), bytes.fromhex(secret), int(rules, 16)

    def open(self, path=False, sndbuf=None):
        connection = socket.socket(socket.AF_UNIX)
        if sndbuf is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, sndbuf)
        connection.connect(self.path if path else "\0" + self.name)
        connection.settimeout(10)
        return connection

    def head(self, kind, cookie=0, **other):
        given = dict(magic=MAGIC, version=VERSION, size=REQUEST, error=0, rules=self.rules, token=self.token)
        given.update(other)
        return HEAD.pack(given["magic"], given["version"], kind, given["size"], given["error"], given["rules"], cookie,
                         given["token"])

    def request(self, kind, cookie=0, body=b"", **other):
        return (self.head(kind, cookie, **other) + body).ljust(REQUEST, b"\0")

    def hello(self, path=False):
        """Say it; return the outcomes, mapped."""
        with self.open(path) as connection:
            connection.send(self.request(HELLO))
            answer, descriptors, _, _ = socket.recv_fds(connection, ANSWER + 1, 10)
            assert len(answer) == ANSWER and len(descriptors) == 1, (answer, descriptors)
            assert HEAD.unpack(answer)[2] == WELCOME and HEAD.unpack(answer)[-1] == self.secret, answer
            assert connection.recv(1) == b""
        self.memory = descriptors[0]
        return mmap.mmap(self.memory, SLOTS * 16, prot=mmap.PROT_READ)

    def status(self):
        with self.open() as connection:
            connection.send(self.request(STATUS))
            text = connection.recv(4097).decode()
            assert connection.recv(1) == b""
        return text

    def number(self, word):
        """One of the numbers of STATUS, by the word before it."""
        words = self.status().replace(",", "").split()
        return int(words[words.index(word) + 1])


def until(wanted, what, seconds=10):
    end = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def open_files(pid):
    """How many descriptors a process has; of the broker's only root may see it."""
    return len(os.listdir(f"/proc/{pid}/fd")) if os.geteuid() == 0 else 0


def receive(connection, size):
    """So many bytes, or what there is until the end."""
    data = b""
    while len(data) < size and (more := connection.recv(size - len(data))):
        data += more
    return data


class Real(socket.socket):
    """The socket that the broker has given; what it had carried already is read first."""

    def recv(self, size, *flags):
        before = getattr(self, "before", b"")
        self.before = before[size:]
        return before[:size] or super().recv(size, *flags)


class Pending:
    """A connection on its way."""

    def __init__(self, broker, address, port, **other):
        self.broker = broker
        self.socket = broker.open(sndbuf=0)
        self.cookie, = struct.unpack("=Q", self.socket.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))
        body = mapped(address) + bytes(16) + struct.pack("=HHBBBx", port, 0, 0, 0, 1)
        assert self.socket.send(broker.request(CONNECT, self.cookie, body, **other)) == REQUEST

    def state(self):
        poll = select.poll()
        poll.register(self.socket, select.POLLOUT)
        events = dict(poll.poll(0)).get(self.socket.fileno(), 0)
        if events & (select.POLLERR | select.POLLHUP):
            return "failed"
        return "connected" if events else "pending"

    def settle(self, seconds=10):
        until(lambda: self.state() != "pending", "still pending", seconds)
        return self.state()

    def outcome(self, outcomes):
        slot = self.cookie % SLOTS * 16
        turn, error, low, high = struct.unpack("=IIII", outcomes[slot:slot + 16])
        return error & 0xffff if low | high << 32 == self.cookie and turn % 2 == 0 else 0

    def fails(self, outcomes):
        """The errno that it fails with."""
        assert self.settle() == "failed", "it does not fail"
        assert self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 104
        return os.strerror(self.outcome(outcomes))

    def ask(self, descriptors=1, byte=b"G"):
        """Send GIVE; return the end of the pair that the answer comes to."""
        mine, theirs = socket.socketpair()
        socket.send_fds(self.socket, [byte], [theirs.fileno()] * descriptors)
        theirs.close()
        mine.settimeout(10)
        return mine

    def take(self, commit=True):
        """Be given the real socket."""
        with self.ask() as pair:
            answer, descriptors, _, _ = socket.recv_fds(pair, ANSWER + 1, 10)
            assert len(answer) == ANSWER and HEAD.unpack(answer)[2] == HANDOVER and len(descriptors) == 1, answer
            unread = array.array("i", [0])
            fcntl.ioctl(self.socket, termios.FIONREAD, unread)
            real = Real(fileno=descriptors[0])
            if commit:
                real.before = receive(self.socket, unread[0])
                pair.send(b"C")
        real.setblocking(True)
        real.settimeout(10)
        return real

    def connected(self):
        assert self.settle() == "connected", "it fails"
        return self.take()
