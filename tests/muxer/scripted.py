#!/usr/bin/python3
"""scripted.py [--dialect NAME] [--answer [PORT=]KIND[:VALUE]]... [--deaf] SOCKET - a muxer that does as it is told.

It listens at SOCKET as a VMM does and leads CONNECT P to the Unix socket SOCKET_P, where a guest's call to the host's
port P would arrive. So a client of the muxer and a server for guests meet on one machine, and no VMM is needed.

Dialects, all as measured or read (vhost-device-vsock 0.3.0, Firecracker and Cloud Hypervisor of summer 2026):

                      command                          OK      behind it  a client's SHUT_WR   a server's SHUT_WR
  vhost-device-vsock  in one write                     port    lost       ends both directions nothing until it closes
  firecracker         10 bytes at once, 32 in all      2^30..  kept       ends both directions nothing until it closes
  cloud-hypervisor    in pieces too, 32 in all         2^30..  kept       passed on            passed on

And after a client of vhost-device-vsock has gone between CONNECT and OK, nobody gets an answer any more.

Answers, for one port or for all that have none of their own:

  ok          OK if there is somebody at SOCKET_P, otherwise the end (the default)
  late:S      OK after S seconds            pieces:S    byte by byte, each S seconds after the other
  together    OK and what the server says first, in one segment
  eof         the end                       reset       the end, with ECONNRESET
  never       nothing, for ever             http        a web server's refusal, and the end
  garbage     bytes, none of them a newline endless     an OK whose line does not end
  silent-end:S  nothing, and after S seconds the end

With --deaf it never even accepts, and its backlog is 1. It prints what it sees, a line each; "WRONG" is in the lines
about what no client may do: a command in two writes, bytes before the OK, to go between CONNECT and OK.
"""
import argparse
import itertools
import select
import socket
import threading
import time

DIALECTS = ("vhost-device-vsock", "firecracker", "cloud-hypervisor")
HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
GONE = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class Refused(Exception):
    """The connection is to be ended without an OK."""


def events(connection, wanted, seconds):
    poll = select.poll()
    poll.register(connection, wanted)
    return dict(poll.poll(None if seconds is None else max(seconds, 0) * 1000)).get(connection.fileno(), 0)


def end_both(*connections):
    for connection in connections:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Muxer:
    def __init__(self, options):
        self.path = options.socket
        self.dialect = options.dialect
        self.answers = {}
        for answer in options.answer:
            port, _, kind = answer.rpartition("=")
            self.answers[int(port) if port else None] = kind.partition(":")[::2]
        self.deaf = options.deaf
        self.dead = False
        self.numbers = itertools.count(1 << 30)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(1 if self.deaf else 4096)

    def serve(self):
        if self.deaf:
            threading.Event().wait()
        for number in itertools.count(1):
            connection, _ = self.listener.accept()
            client = Client(self, number, connection)
            threading.Thread(target=client.run, daemon=True).start()


class Client:
    def __init__(self, muxer, number, connection):
        self.muxer = muxer
        self.number = number
        self.connection = connection
        self.port = None
        self.behind = b""
        self.told = False

    def say(self, text):
        print(f"{self.number}: {text}\n", end="", flush=True)

    def run(self):
        server = None
        try:
            with self.connection:
                command = self.read_command()
                self.port = self.parse(command)
                self.say(f"CONNECT {self.port}")
                if self.muxer.dead:
                    self.wait(None)
                server = self.answer(command)
                self.relay(server)
        except (Refused, OSError) as why:
            self.say(f"ended: {why}")
        finally:
            if server:
                server.close()

    # ---- the command ----

    def read_command(self):
        """What there is up to the newline; self.behind is the rest."""
        command = b""
        while b"\n" not in command:
            data = self.connection.recv(4096, socket.MSG_PEEK)
            if not data:
                raise Refused("it said nothing more")
            if b"\n" in data and self.is_reset(command + data):
                # what is unread when a Unix socket is closed makes it a reset
                raise Refused("as told")
            self.connection.recv(len(data))
            if command:
                self.say(f"WRONG: a command in two writes, {command!r} and {data!r}")
                if self.muxer.dialect != "cloud-hypervisor":
                    raise Refused("half a command")
            if self.muxer.dialect == "firecracker" and len(data) < 10:
                self.say(f"WRONG: a command of less than 10 bytes at once, {data!r}")
                raise Refused("less than 10 bytes")
            command += data
            if self.muxer.dialect == "vhost-device-vsock" and b"\n" not in command:
                if events(self.connection, select.POLLIN, 0.2):
                    continue  # says what is wrong
                raise Refused("half a command")
        command, _, self.behind = command.partition(b"\n")
        if self.behind:
            self.early()
        return command

    def kind(self, command):
        answers = self.muxer.answers
        return answers.get(self.parse(command.partition(b"\n")[0]), answers.get(None, ("ok", "")))

    def is_reset(self, command):
        try:
            return self.kind(command)[0] == "reset"
        except Refused:
            return False

    def parse(self, command):
        if self.muxer.dialect != "vhost-device-vsock" and len(command) > 31:
            raise Refused(f"a command of {len(command)} bytes")
        words = command.split()
        if len(words) < 2 or words[0].upper() != b"CONNECT" or not words[1].lstrip(b"+").isdigit():
            raise Refused(f"no command: {command!r}")
        port = int(words[1])
        if port > 0xFFFFFFFF:
            raise Refused(f"no port: {port}")
        return port

    # ---- the answer ----

    def early(self):
        if not self.told:
            self.say("WRONG: bytes before the OK")
        self.told = True

    def wait(self, seconds):
        """Wait as long, for ever if None; the client must neither go nor say anything meanwhile."""
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            wanted = GONE if self.told else GONE | select.POLLIN
            seen = events(self.connection, wanted, None if until is None else until - time.monotonic())
            if seen & GONE:
                self.say("WRONG: gone between CONNECT and OK")
                self.muxer.dead = self.muxer.dialect == "vhost-device-vsock"
                raise Refused("it has gone")
            if seen & select.POLLIN:
                self.early()
            elif not seen:
                return

    def answer(self, command):
        """Give the answer that is to be given; return the server's end."""
        kind, value = self.kind(command)
        if kind == "never":
            self.wait(None)
        elif kind in ("eof", "silent-end"):
            self.wait(float(value or 0))
            raise Refused("as told")
        elif kind in ("http", "garbage", "endless"):
            self.connection.sendall({"http": HTTP, "garbage": bytes(range(128, 256)), "endless": b"OK " + 200 * b"1"}[kind])
            if kind != "http":
                events(self.connection, GONE, None)
            raise Refused("as told")
        server = self.connect_server()
        ok = b"OK %d\n" % (self.port if self.muxer.dialect == "vhost-device-vsock" else next(self.muxer.numbers))
        if kind == "late":
            self.wait(float(value))
        elif kind == "together":
            ok += server.recv(65536)
        self.wait(0)
        if kind == "pieces":
            for byte in ok[:-1]:
                self.connection.sendall(bytes([byte]))
                self.wait(float(value or 0.01))
            ok = ok[-1:]
        self.say("OK")
        self.connection.sendall(ok)
        if self.muxer.dialect != "vhost-device-vsock" and self.behind:
            server.sendall(self.behind)
        return server

    def connect_server(self):
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(f"{self.muxer.path}_{self.port}")
        except OSError as why:
            server.close()
            raise Refused(f"nobody at {self.muxer.path}_{self.port}: {why}") from why
        return server

    # ---- what follows ----

    def relay(self, server):
        other = threading.Thread(target=self.pump, args=[server, self.connection, False], daemon=True)
        other.start()
        self.pump(self.connection, server, True)
        other.join()
        self.say("done")

    def pump(self, source, sink, from_client):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            if self.muxer.dialect == "cloud-hypervisor" and not events(source, 0, 0) & select.POLLHUP:
                sink.shutdown(socket.SHUT_WR)
                return
            if not from_client:
                events(source, 0, None)  # until it is closed, or shut in both directions
            end_both(source, sink)
        except OSError:
            end_both(source, sink)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--dialect", choices=DIALECTS, default=DIALECTS[0])
    parser.add_argument("--answer", action="append", default=[])
    parser.add_argument("--deaf", action="store_true")
    parser.add_argument("socket")
    Muxer(parser.parse_args()).serve()


if __name__ == "__main__":
    main()
