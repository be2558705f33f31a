#!/usr/bin/python3
"""proxied.py CASE - a server whose callers say first whose connection it is; runs under a rule with accept_proxy for
port 9000, which is vsock port 9100. The callers are in it too: VM sockets of its own."""
import array
import errno
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from broker import ARRIVAL, Broker

PORT, VSOCK_PORT = 9000, 9100
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
# what who calls is shown as: CID 1, or a guest behind a VMM
SELF = ("10.9.0.3", "::ffff:10.9.0.3") if "CALL_AT" in os.environ else ("127.0.0.1", "::1")


def line(client="203.0.113.7", port=51234):
    family, own = ("TCP6", "2001:db8::1") if ":" in client else ("TCP4", "192.0.2.1")
    return f"PROXY {family} {client} {own} {port} 80\r\n".encode()


def binary(client="203.0.113.7", port=51234, records=b"", command=1, kind=None):
    v6 = ":" in client
    family, own = (socket.AF_INET6, "2001:db8::1") if v6 else (socket.AF_INET, "192.0.2.1")
    body = socket.inet_pton(family, client) + socket.inet_pton(family, own) + struct.pack(">HH", port, 80) + records
    return SIGNATURE + bytes([0x20 | command, kind or (0x21 if v6 else 0x11)]) + struct.pack(">H", len(body)) + body


def call(data=b""):
    path = os.environ.get("CALL_AT")
    caller = socket.socket(socket.AF_UNIX if path else socket.AF_VSOCK)
    caller.settimeout(20)
    caller.connect(path or (1, VSOCK_PORT))
    if data:
        caller.sendall(data)
    return caller


def listen(address="0.0.0.0", blocking=True, port=PORT):
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setblocking(blocking)
    listener.bind((address, port))
    listener.listen()
    assert listener.getsockname()[:2] == (address, port), listener.getsockname()
    assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
    return listener


def is_ended(caller):
    try:
        return caller.recv(1) == b""
    except ConnectionResetError:
        return True


def receive(connection, size):
    data = b""
    while len(data) < size and (more := connection.recv(size - len(data))):
        data += more
    return data


def same(what, wanted, got):
    assert wanted == got, f"{what}: {got}, and not {wanted}"


def takes(listener, header, wanted):
    """A connection comes in, and shows this client; what is glued to the header is the program's, and nothing else."""
    caller = call(header + b"GET")
    connection, peer = listener.accept()
    same("accept", wanted, peer[:2])
    same("getpeername", wanted, connection.getpeername()[:2])
    same("family", connection.family, listener.family)
    same("glued", b"GET", receive(connection, 3))
    connection.sendall(b"answer")
    same("the answer", b"answer", receive(caller, 6))
    caller.sendall(b"x" * 100000)
    same("more", b"x" * 100000, receive(connection, 100000))
    caller.shutdown(socket.SHUT_WR)
    same("the end", b"", connection.recv(1))
    caller.close()
    connection.close()


def clients():
    """Both versions, both families, at listeners of both."""
    with listen() as listener:
        for header in line, binary:
            takes(listener, header(), ("203.0.113.7", 51234))
            takes(listener, header("255.255.255.254", 65535), ("255.255.255.254", 65535))
            takes(listener, header("2001:db8::7"), ("240.0.0.1", 51234))
        takes(listener, binary(records=b"\x04\0\x02\0\0\xea\0\x03abc"), ("203.0.113.7", 51234))
    with listen("::") as listener:
        for header in line, binary:
            takes(listener, header(), ("::ffff:203.0.113.7", 51234))
            takes(listener, header("2001:db8:1:2:3:4:5:7"), ("2001:db8:1:2:3:4:5:7", 51234))


def nobody():
    """Headers that say nothing of a client show who called; so does one that names a loopback address."""
    for address, own in ("0.0.0.0", SELF[0]), ("::", SELF[1]):
        with listen(address) as listener:
            for header in (b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN 1 2 3 4\r\n", binary(command=0), binary(kind=0x12),
                           SIGNATURE + b"\x20\0\0\0", SIGNATURE + b"\x21\x31\0\xd8" + bytes(216), line("127.0.0.1"),
                           binary("127.0.0.9"), line("::1"), binary("::ffff:127.0.0.1"), line("0.0.0.0")):
                caller = call(header + b"GET")
                connection, peer = listener.accept()
                same("who called", own, peer[0])
                same("getpeername", peer, connection.getpeername())
                same("glued", b"GET", receive(connection, 3))
                caller.close()
                connection.close()


def nonsense():
    """What is no header, or too long a one, is closed, and the program not told; it goes on."""
    with listen(blocking=False) as listener:
        for header in (b"GET / HTTP/1.0\r\n\r\n", b"\r\n\r\n\0\r\nquit\n", line()[:-2] + b"\n", b"PROXY TCP4 " + b"1" * 200,
                       binary(kind=0x44), SIGNATURE + b"\x21\x11\xff\xff", binary(records=b"\x03\0\x04abcd"),
                       binary(records=b"\x04\xff\xff")):
            with call(header) as caller:
                assert is_ended(caller), header
        cut = call(line()[:20])
        cut.close()
        same("told", [], select.select([listener], [], [], 0)[0])
        takes_now(listener)


def takes_now(listener):
    caller = call(line("203.0.113.9"))
    select.select([listener], [], [], 20)
    connection, peer = listener.accept()
    same("accept", ("203.0.113.9", 51234), peer)
    connection.close()
    caller.close()


def silence():
    """Who says nothing is closed after ten seconds, and not much before."""
    with listen(blocking=False) as listener:
        begun = time.monotonic()
        with call() as silent, call(line()[:30]) as cut:
            assert is_ended(silent) and is_ended(cut)
        assert time.monotonic() - begun > 9, "it is closed at once"
        same("told", [], select.select([listener], [], [], 0)[0])


def slowly(caller, data, step):
    for i in range(len(data)):
        caller.sendall(data[i:i + 1])
        time.sleep(step)


def waiting():
    """A blocking accept() waits for a header that comes byte by byte; whoever comes later is not delayed."""
    with listen() as listener:
        slow = call()
        thread = threading.Thread(target=slowly, args=(slow, line("203.0.113.1") + b"tail", 0.02))
        thread.start()
        fast = call(line("203.0.113.2"))
        same("the first", "203.0.113.2", listener.accept()[1][0])
        connection, peer = listener.accept()
        same("the second", "203.0.113.1", peer[0])
        same("glued", b"tail", receive(connection, 4))
        thread.join()
        listener.settimeout(0.2)
        try:
            listener.accept()
        except TimeoutError:
            pass
        fast.close()


def edge():
    """An edge-triggered server: one byte at a time delays none of fifty, and is told in its turn."""
    with listen(blocking=False) as listener, select.epoll() as epoll:
        epoll.register(listener, select.EPOLLIN | select.EPOLLET)
        slow = call()
        good = []
        step = threading.Event()

        def byte_by_byte():
            header = binary("203.0.113.250")
            slowly(slow, header[:-1], 0.02)
            assert step.wait(20)  # until all others have been served
            slow.sendall(header[-1:] + b"tail")

        def fifty():
            for i in range(50):
                good.append(call(line(f"203.0.113.{i + 1}") + b"hello"))

        threads = [threading.Thread(target=byte_by_byte), threading.Thread(target=fifty)]
        for thread in threads:
            thread.start()
        seen = []
        while len(seen) < 51:
            events = epoll.poll(20)
            assert events, f"nothing comes after {len(seen)}"
            while True:
                try:
                    connection, peer = listener.accept()
                except BlockingIOError:
                    break
                seen.append(peer[0])
                connection.setblocking(True)
                wanted = b"tail" if peer[0].endswith(".250") else b"hello"
                same(peer[0], wanted, receive(connection, len(wanted)))
                connection.close()
            if len(seen) == 50:
                step.set()
        for thread in threads:
            thread.join()
        same("the last", "203.0.113.250", seen[-1])
        same("all", 51, len(set(seen)))


SHOW = """import socket, sys
connection = socket.socket(fileno=int(sys.argv[1]))
print(connection.getpeername()[:2], connection.recv(1), connection.family == socket.AF_INET6)"""


def travels():
    """The client stays on the socket: through dup, fork, exec, and over a Unix socket."""
    for address, client, shown in (("0.0.0.0", "203.0.113.7", "203.0.113.7"),
                                   ("::", "2001:db8:1:2:3:4:5:7", "2001:db8:1:2:3:4:5:7")):
        with listen(address) as listener:
            caller = call(line(client) + b"abcdef")
            connection = listener.accept()[0]
            same("dup", (shown, 51234), connection.dup().getpeername()[:2])
            pid = os.fork()
            if pid == 0:
                os._exit(0 if connection.getpeername()[:2] == (shown, 51234) and connection.recv(1) == b"a" else 1)
            same("fork", 0, os.waitpid(pid, 0)[1])
            connection.set_inheritable(True)
            said = subprocess.run([sys.executable, "-c", SHOW, str(connection.fileno())], close_fds=False,
                                  stdout=subprocess.PIPE, check=True, text=True).stdout
            same("exec", f"('{shown}', 51234) b'b' {':' in address}\n", said)
            one, other = socket.socketpair()
            socket.send_fds(one, [b"x"], [connection.fileno()])
            received = socket.socket(fileno=socket.recv_fds(other, 1, 1)[1][0])
            same("sent", (shown, 51234), received.getpeername()[:2])
            connection.shutdown(socket.SHUT_WR)
            same("shut down", (shown, 51234), connection.getpeername()[:2])
            same("its end", b"", caller.recv(1))
            caller.close()


def options():
    """What accepted connections get of their listener, and accept4()'s flags."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(("0.0.0.0", PORT))
        listener.listen()
        listener.setblocking(False)
        same("the listener's", 1, listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        caller = call(line("2001:db8::7"))
        select.select([listener], [], [], 20)
        connection = listener.accept()[0]
        same("keep-alive", 1, connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
        same("no delay", 1, connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        assert not os.get_inheritable(connection.fileno()) and os.get_blocking(connection.fileno())
        caller.close()


def again():
    """A port is free once its server has ended; and taken before."""
    for _ in range(5):
        with listen() as listener:
            takes_now(listener)
            try:
                listen().close()
            except OSError as error:
                same("a second", errno.EADDRINUSE, error.errno)
            else:
                raise AssertionError("two listen")
    with call() as caller:
        same("nobody listens", 0, len(caller.recv(1)))


def both():
    """A program that listens on both wildcard addresses, as nginx does."""
    with listen(blocking=False) as four:
        six = socket.socket(socket.AF_INET6)
        six.setblocking(False)
        six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        six.bind(("::", PORT))
        six.listen()
        for _ in range(3):
            takes_now(four)
        six.close()


def shut():
    """shutdown() of a listener ends a blocking accept()."""
    listener = listen()
    ended = []

    def accept():
        try:
            listener.accept()
        except OSError as error:
            ended.append(error.errno)

    thread = threading.Thread(target=accept)
    thread.start()
    time.sleep(0.3)
    listener.shutdown(socket.SHUT_RDWR)
    thread.join(20)
    same("accept", [errno.EINVAL], ended)


def processes():
    """Several processes accept at one listener."""
    with listen() as listener:
        pids = []
        for _ in range(4):
            pid = os.fork()
            if pid == 0:
                for _ in range(5):
                    connection, peer = listener.accept()
                    connection.sendall(peer[0].encode().ljust(16))
                    connection.close()
                os._exit(0)
            pids.append(pid)
        for i in range(20):
            with call(line(f"203.0.113.{i}")) as caller:
                same("from a child", f"203.0.113.{i}", receive(caller, 16).decode().strip())
        for pid in pids:
            same("a child", 0, os.waitpid(pid, 0)[1])


def worker():
    """When the broker's worker dies, who is on his way is lost, and the server goes on."""
    name = f"^vsockify-broker: worker for {os.environ['BROKER_OF']} "
    with listen(blocking=False) as listener:
        for _ in range(3):
            takes_now(listener)
            owing = call(line()[:10])
            # without the rules: under a sanitizer's runtime it would wait for itself
            pid = int(subprocess.check_output(["pgrep", "-f", name], env={"PATH": os.environ["PATH"]}))
            os.kill(pid, signal.SIGKILL)
            assert is_ended(owing)
        takes_now(listener)
    with listen(blocking=False) as listener:
        takes_now(listener)


def refused():
    """accept_from does not name CID 1."""
    with listen(blocking=False) as listener:
        for data in b"", line():
            with call() as caller:
                try:
                    caller.sendall(data)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it was closed before that
                assert is_ended(caller)
        same("told", [], select.select([listener], [], [], 0.3)[0])


def stranger():
    """Who finds the private listener and calls there is not heard."""
    broker = Broker()
    with listen(blocking=False) as listener:
        own = str(os.fstat(listener.fileno()).st_ino)
        with open("/proc/net/unix", encoding="ascii", errors="replace") as file:
            name = next(entry.split()[7] for entry in file if entry.split()[6] == own)
        assert name.startswith("@vsockify/proxied/") and name.endswith(f"_{VSOCK_PORT}"), name
        with socket.socket(socket.AF_UNIX) as impostor:
            impostor.connect("\0" + name[1:])
            one, other = socket.socketpair()
            # all but the broker's secret
            head = broker.head(ARRIVAL, size=88) + socket.inet_pton(socket.AF_INET6, "::ffff:192.0.2.66")
            socket.send_fds(impostor, [(head + b"\1\0\1").ljust(88, b"\0")], [other.fileno()])
            try:
                listener.accept()
            except BlockingIOError:
                pass
            else:
                raise AssertionError("a stranger came in")
            same("the stranger's end", b"", impostor.recv(1))
        takes_now(listener)


def servers():
    """One tree has 64 of them, and one more when one of these has ended."""
    there = [listen(port=PORT + i) for i in range(64)]
    for _ in range(2):
        try:
            listen(port=PORT + 64).close()
        except OSError as error:
            same("one too many", errno.ETIMEDOUT, error.errno)
        else:
            raise AssertionError("one too many listens")
    there.pop().close()
    listen(port=PORT + 64).close()
    takes_now(there[0])


def owing():
    """When 1,024 owe their header, the oldest makes room for the next (the broker's news says that it was not late)."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with listen(blocking=False) as listener:
        callers = [call() for _ in range(1024)]
        takes_now(listener)  # who came before has been looked at
        assert is_ended(callers[0])
        same("told", [], select.select([listener], [], [], 0)[0])


def no_broker():
    """Who listens without reading headers would take the proxy for the client."""
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", PORT))
        try:
            listener.listen()
        except OSError as error:
            same("listen", errno.EACCES, error.errno)
        else:
            raise AssertionError("it listens")


if __name__ == "__main__":
    globals()[sys.argv[1]]()
