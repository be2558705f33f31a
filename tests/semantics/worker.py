#!/usr/bin/python3
"""worker.py - carries out sequences of socket calls, and tells what each call gave.

A line of standard input is a sequence: {"port": P, "settle": SECONDS, "calls": [[PROCESS, CALL, ARGUMENT...], ...]}, the
answer a line with a list of texts, one for each call. Each sequence has a process of its own, so that none leaves anything
to the next, and that process a child from the call `fork` on, which has copies of its descriptors. Either may execute
this program anew, and go on there with the descriptors that it inherits.

Nothing in an answer depends on which numbers the kernel chose: ports are p0, p1, p2 (those that the sequence names) or
e0, e1, ... in the order in which they are met.
"""
import array
import ctypes
import errno
import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import termios
import time

LIMIT = 60  # seconds for a sequence

HOSTS = {
    "any4": (socket.AF_INET, "0.0.0.0"),
    "lo4": (socket.AF_INET, "127.0.0.1"),
    "any6": (socket.AF_INET6, "::"),
    "lo6": (socket.AF_INET6, "::1"),
    "map4": (socket.AF_INET6, "::ffff:127.0.0.1"),
}
EVENTS = [(select.POLLIN, "IN"), (select.POLLPRI, "PRI"), (select.POLLOUT, "OUT"), (select.POLLERR, "ERR"),
          (select.POLLHUP, "HUP"), (select.POLLRDHUP, "RDHUP"), (select.POLLNVAL, "NVAL")]
ALL = select.POLLIN | select.POLLPRI | select.POLLOUT | select.POLLRDHUP

OPTIONS = {  # name: level, number, bytes
    "SO_ERROR": (1, 4, 4), "SO_TYPE": (1, 3, 4), "SO_DOMAIN": (1, 39, 4), "SO_PROTOCOL": (1, 38, 4),
    "SO_ACCEPTCONN": (1, 30, 4), "SO_KEEPALIVE": (1, 9, 4), "SO_LINGER": (1, 13, 8), "SO_OOBINLINE": (1, 10, 4),
    "SO_RCVLOWAT": (1, 18, 4), "SO_PRIORITY": (1, 12, 4), "SO_BROADCAST": (1, 6, 4), "SO_REUSEADDR": (1, 2, 4),
    "SO_DONTROUTE": (1, 5, 4), "TCP_NODELAY": (6, 1, 4), "TCP_CORK": (6, 3, 4), "TCP_KEEPIDLE": (6, 4, 4),
    "TCP_KEEPINTVL": (6, 5, 4), "TCP_KEEPCNT": (6, 6, 4), "TCP_SYNCNT": (6, 7, 4), "TCP_LINGER2": (6, 8, 4),
    "TCP_DEFER_ACCEPT": (6, 9, 4), "TCP_USER_TIMEOUT": (6, 18, 4), "TCP_INFO": (6, 11, 1), "IP_TOS": (0, 1, 4),
    "IP_TTL": (0, 2, 4), "IPV6_V6ONLY": (41, 26, 4), "IPV6_UNICAST_HOPS": (41, 16, 4), "IPV6_TCLASS": (41, 67, 4),
}

libc = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """A call that gave an errno."""


def call(function, *arguments):
    """A function of libc's, as a C program calls it."""
    result = function(*arguments)
    if result < 0:
        raise Failed(errno.errorcode.get(ctypes.get_errno(), "E?"))
    return result


def events_of(bits):
    return "|".join(name for bit, name in EVENTS if bits & bit) or "none"


class Process:
    """One of the two that make calls."""

    def __init__(self, port, settle, ports):
        self.port, self.settle, self.ports = port, settle, ports
        self.fds, self.epolls, self.registered = {}, {}, {}
        self.count = 0

    # ---- exec ----

    def execute(self, channel, more):
        """Begin anew as this program, with all descriptors; `channel` is how it goes on."""
        for epoll in self.epolls.values():
            os.set_inheritable(epoll.fileno(), True)
        os.set_inheritable(channel, True)
        state = {"port": self.port, "settle": self.settle, "ports": self.ports, "fds": self.fds, "count": self.count,
                 "epolls": {name: epoll.fileno() for name, epoll in self.epolls.items()},
                 "registered": {name: list(names.items()) for name, names in self.registered.items()},
                 "channel": channel, **more}
        os.execv(sys.executable, [sys.executable, "-S", os.path.abspath(__file__), json.dumps(state)])

    @staticmethod
    def from_state(state):
        process = Process(state["port"], state["settle"], state["ports"])
        process.fds, process.count = state["fds"], state["count"]
        process.epolls = {name: select.epoll.fromfd(fd) for name, fd in state["epolls"].items()}
        process.registered = {name: dict(names) for name, names in state["registered"].items()}
        return process

    # ---- addresses ----

    def pack(self, host, slot):
        family, text = HOSTS[host]
        port = 0 if slot == "0" else self.port + int(slot[1:])
        if family == socket.AF_INET:
            return struct.pack("=H", family) + struct.pack("!H", port) + socket.inet_aton(text) + bytes(8)
        return struct.pack("=H", family) + struct.pack("!HI", port, 0) + socket.inet_pton(family, text) + bytes(4)

    def name_port(self, port):
        if port == 0 or self.port <= port < self.port + 3:
            return "0" if port == 0 else "p%d" % (port - self.port)
        if port not in self.ports:
            self.ports.append(port)
        return "e%d" % self.ports.index(port)

    def unpack(self, raw, length):
        if length < 2:
            return "length %d" % length
        family = struct.unpack_from("=H", raw)[0]
        port = self.name_port(struct.unpack_from("!H", raw, 2)[0])
        if family == socket.AF_INET:
            return "%s:%s length %d" % (socket.inet_ntoa(raw[4:8]), port, length)
        if family == socket.AF_INET6:
            return "[%s]:%s length %d" % (socket.inet_ntop(family, raw[8:24]), port, length)
        return "family %d length %d" % (family, length)

    def named(self, function, fd, *more):
        raw, length = ctypes.create_string_buffer(28), ctypes.c_uint32(28)
        result = call(function, fd, raw, ctypes.byref(length), *more)
        return result, self.unpack(raw.raw, length.value)

    # ---- calls; each returns a text ----

    def socket(self, name, family, nonblocking, reuse):
        kind = socket.SOCK_STREAM | (socket.SOCK_NONBLOCK if nonblocking else 0)
        fd = call(libc.socket, socket.AF_INET if family == 4 else socket.AF_INET6, kind, 0)
        limit = struct.pack("ll", 0, 150000)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            call(libc.setsockopt, fd, socket.SOL_SOCKET, option, limit, len(limit))
        if reuse:
            call(libc.setsockopt, fd, socket.SOL_SOCKET, socket.SO_REUSEADDR, struct.pack("i", 1), 4)
        self.fds[name] = fd
        return "0"

    def bind(self, name, host, slot):
        address = self.pack(host, slot)
        return str(call(libc.bind, self.fds[name], address, len(address)))

    def connect(self, name, host, slot):
        address = self.pack(host, slot)
        return str(call(libc.connect, self.fds[name], address, len(address)))

    def listen(self, name, backlog):
        return str(call(libc.listen, self.fds[name], backlog))

    def accept(self, name, new, nonblocking):
        flags = socket.SOCK_NONBLOCK if nonblocking else 0
        fd, peer = self.named(libc.accept4, self.fds[name], flags)
        self.fds[new] = fd
        limit = struct.pack("ll", 0, 150000)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            call(libc.setsockopt, fd, socket.SOL_SOCKET, option, limit, len(limit))
        return peer

    def getsockname(self, name):
        return self.named(libc.getsockname, self.fds[name])[1]

    def getpeername(self, name):
        return self.named(libc.getpeername, self.fds[name])[1]

    def setsockopt(self, name, option, value):
        level, number, size = OPTIONS[option]
        raw = struct.pack("ii", value, value) if size == 8 else struct.pack("i", value)
        return str(call(libc.setsockopt, self.fds[name], level, number, raw, len(raw)))

    def getsockopt(self, name, option):
        level, number, size = OPTIONS[option]
        raw, length = ctypes.create_string_buffer(size), ctypes.c_uint32(size)
        call(libc.getsockopt, self.fds[name], level, number, raw, ctypes.byref(length))
        if size == 1:
            return str(raw.raw[0])
        numbers = struct.unpack("i" * (length.value // 4), raw.raw[:length.value // 4 * 4])
        if option == "SO_ERROR" and numbers and numbers[0]:
            return errno.errorcode.get(numbers[0], "E?")
        return " ".join(map(str, numbers))

    def shutdown(self, name, how):
        return str(call(libc.shutdown, self.fds[name], how))

    def nonblock(self, name, on):
        fd = self.fds[name]
        flags = call(libc.fcntl, fd, fcntl.F_GETFL, 0)
        flags = flags | os.O_NONBLOCK if on else flags & ~os.O_NONBLOCK
        return str(call(libc.fcntl, fd, fcntl.F_SETFL, flags))

    def dup(self, name, new):
        self.fds[new] = call(libc.dup, self.fds[name])
        return "0"

    def dup2(self, name, over):
        call(libc.dup2, self.fds[name], self.fds[over])
        return "0"

    def close(self, name):
        return str(call(libc.close, self.fds.pop(name)))

    def poll(self, name):
        poller = select.poll()
        poller.register(self.fds[name], ALL)
        ready = poller.poll(0)
        return events_of(ready[0][1] if ready else 0)

    def epoll_add(self, epoll, name, edge):
        if epoll not in self.epolls:
            self.epolls[epoll] = select.epoll()
        bits = ALL | (select.EPOLLET if edge == "edge" else select.EPOLLONESHOT if edge == "once" else 0)
        self.epolls[epoll].register(self.fds[name], bits)
        self.names(epoll)[self.fds[name]] = name
        return "0"

    def names(self, epoll):
        return self.registered.setdefault(epoll, {})

    def epoll_wait(self, epoll):
        if epoll not in self.epolls:
            return "no epoll"
        ready = self.epolls[epoll].poll(0)
        names = self.names(epoll)
        return ", ".join(sorted("%s %s" % (names[fd], events_of(bits)) for fd, bits in ready)) or "nothing"

    def send(self, name, size, flags):
        self.count += 1
        data = bytes([64 + self.count % 64]) * size
        return str(call(libc.send, self.fds[name], data, size, flags | socket.MSG_NOSIGNAL))

    def write(self, name, size):
        self.count += 1
        return str(call(libc.write, self.fds[name], bytes([64 + self.count % 64]) * size, size))

    def recv(self, name, size, flags):
        room = ctypes.create_string_buffer(size)
        got = call(libc.recv, self.fds[name], room, size, flags)
        runs, data = [], room.raw[:got]
        while data:
            rest = data.lstrip(data[:1])
            runs.append("%d%s" % (len(data) - len(rest), data[:1].decode()))
            data = rest
        return ("%d %s" % (got, " ".join(runs))).strip()

    def fill(self, name):
        """Send until there is no more room; how much there is, differs."""
        self.count += 1
        data, room = bytes([64 + self.count % 64]) * 65536, select.poll()
        room.register(self.fds[name], select.POLLOUT)
        while True:
            try:
                call(libc.send, self.fds[name], data, len(data), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
            except Failed as failure:
                # TCP has more of it on its way, and then room again
                if str(failure) != "EAGAIN" or not room.poll(100):
                    raise

    def drain(self, name):
        """Receive until nothing has come for a while: what came, and how it ended."""
        room, idle, letters = ctypes.create_string_buffer(1 << 18), select.poll(), {}
        idle.register(self.fds[name], select.POLLIN)
        while True:
            try:
                data = ctypes.string_at(room, call(libc.recv, self.fds[name], room, len(room), socket.MSG_DONTWAIT))
            except Failed as failure:
                if str(failure) == "EAGAIN" and idle.poll(100):
                    continue
                return "%s after %s" % (failure, "".join(letters))
            if not data:
                return "end after " + "".join(letters)
            while data:
                letters[data[:1].decode()] = True
                data = data.lstrip(data[:1])

    def pending(self, name):
        number = array.array("i", [0])
        call(libc.ioctl, self.fds[name], termios.FIONREAD, ctypes.c_void_p(number.buffer_info()[0]))
        return "some" if number[0] else "0"

    def run(self, what, arguments):
        try:
            text = getattr(self, what)(*arguments)
        except Failed as failure:
            text = str(failure)
        except KeyError as missing:
            return "no " + missing.args[0]
        except OSError as error:
            text = errno.errorcode[error.errno]
        time.sleep(self.settle)
        return text


class Child:
    """The second process: made by fork(), told what to do over a pipe."""

    def __init__(self, process):
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if self.pid == 0:
            signal.alarm(LIMIT)
            here.close()
            serve(process, there)
            os._exit(0)
        there.close()
        self.here = here

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.here.close()

    def run(self, what, arguments):
        self.here.send(json.dumps([what, arguments]).encode())
        return self.here.recv(4096).decode()

    def give(self, fd, name):
        socket.send_fds(self.here, [json.dumps(["take", [name]]).encode()], [fd])
        return self.here.recv(4096).decode()


def serve(process, channel):
    """Carry out what comes, until the other end is closed."""
    while True:
        message, fds, _, _ = socket.recv_fds(channel, 4096, 1)
        if not message:
            return
        what, arguments = json.loads(message)
        if what == "take":
            process.fds[arguments[0]] = fds[0]
            answer = "0"
        elif what == "exec":
            process.execute(channel.fileno(), {})
        else:
            answer = process.run(what, arguments)
        channel.send(answer.encode())


def carry_out(process, child, calls, answers):
    """Write what each call gives into the descriptor `answers`."""
    for index, (who, what, *arguments) in enumerate(calls):
        if what == "fork":
            answer = "again"
            if not child:
                child, answer = Child(process), "0"
        elif what == "kill":
            answer = "no child"
            if child:
                child.kill()
                child, answer = None, "0"
        elif what == "pass":
            answer = "no child"
            if child:
                name, new = arguments
                answer = child.give(process.fds[name], new) if name in process.fds else "no " + name
        elif who == "B":
            answer = child.run(what, arguments) if child else "no child"
        elif what == "exec":
            more = {"calls": calls[index + 1:]}
            if child:
                os.set_inheritable(child.here.fileno(), True)
                more["child"] = [child.pid, child.here.fileno()]
            process.execute(answers, more)
        else:
            answer = process.run(what, arguments)
        os.write(answers, (answer + "\n").encode())


def go_on(state):
    """What a process does that has executed this program."""
    process = Process.from_state(state)
    if "calls" not in state:
        channel = socket.socket(fileno=state["channel"])
        channel.send(b"0")
        serve(process, channel)
        return
    child = None
    if "child" in state:
        child = Child.__new__(Child)
        child.pid, child.here = state["child"][0], socket.socket(fileno=state["child"][1])
    os.write(state["channel"], b"0\n")
    carry_out(process, child, state["calls"], state["channel"])


def answer_for(sequence):
    """Run a sequence in a process group of its own, and return what its calls gave."""
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.close(source)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.alarm(LIMIT)
        carry_out(Process(sequence["port"], sequence["settle"], []), None, sequence["calls"], sink)
        os._exit(0)
    os.close(sink)
    with os.fdopen(source) as answers:
        lines = answers.read().splitlines()
    _, status = os.waitpid(pid, 0)
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    while len(lines) < len(sequence["calls"]):
        lines.append("ended by signal %d" % os.WTERMSIG(status) if os.WIFSIGNALED(status) else "ended")
    return lines


if len(sys.argv) > 1:
    go_on(json.loads(sys.argv[1]))
    sys.exit()
for line in sys.stdin:
    print(json.dumps(answer_for(json.loads(line))), flush=True)
