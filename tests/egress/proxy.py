#!/usr/bin/python3
"""proxy.py [--answer PORT=KIND[:VALUE]]... [--user NAME:PASSWORD] [--merged] [--server KIND] ADDRESS[,KIND[:VALUE]]... - a proxy by script

ADDRESS is a path of a Unix socket, a TCP port of 127.0.0.1, or vsock:PORT; a list of them is served. It speaks SOCKS5 and HTTP CONNECT, as its
clients do, and leads every destination to a server of its own, which says "banner\\n" first and then sends back what it
gets; only a real proxy connects anywhere.

Answers, by the port that is asked for, else by the address where the client has called:

  ok             connected (the default)
  late:S         connected after S seconds
  pieces:S       the answers byte by byte, S seconds between them
  refuse:N       reply or status N            cut:N        the first N bytes of all answers, and the end
  never          no answer to the request     end          the end in place of that
  garbage        bytes that are no answer     endless      an answer that does not end
  together       the banner in one segment with the answer (as most proxies may)
  ssh            a banner of another protocol, before anything is said
  echo           no proxy at all: the server itself
  name           a reply with a name of 255 bytes as its address (SOCKS5)

--server echo: one that does not speak first. --server web: one that answers each request of HTTP with "ok".
--user: it wants these. --merged: greeting and request must come in one write, else "WRONG" is said. It prints a line for
each connection when that is over for the proxy: what was asked for, how, and how many round trips that took (how often it
sent something and then read). "WRONG" is in a line about what no client may do.
"""
import argparse
import base64
import select
import socket
import struct
import sys
import threading
import time

REFUSALS = {"socks5": 5, "http": 503}


class Over(Exception):
    """The connection is to be ended."""


class Client:
    def __init__(self, proxy, connection, usual):
        self.proxy, self.connection, self.usual = proxy, connection, usual
        self.answered = 0  # bytes
        self.limit = None
        self.pace = None
        self.trips = 0
        self.sent = True  # since the last read
        self.ahead = False  # what is read was there before the last answer
        self.kind = "?"
        self.asked = "?"
        self.fault = ""

    # ---- bytes ----

    def read(self, size):
        data = b""
        while len(data) < size:
            if self.sent and not self.ahead:
                self.trips += 1
            self.sent = False
            piece = self.connection.recv(size - len(data))
            if not piece:
                raise Over("the client has closed")
            data += piece
        return data

    def send(self, data):
        self.sent = True
        if self.limit is not None:
            data = data[: self.limit - self.answered]
        self.answered += len(data)
        if self.pace is None:
            self.connection.sendall(data)
        else:
            for byte in data:
                time.sleep(self.pace)
                self.connection.sendall(bytes([byte]))
        if self.limit is not None and self.answered == self.limit:
            raise Over("as told")

    def plan(self, port):
        return self.proxy.answers.get(port, self.usual)

    def early_plan(self):
        """What is to be done from the first byte on, when no port is known yet."""
        kind, value = self.usual
        if kind == "pieces":
            self.pace = float(value)
        elif kind == "cut":
            self.limit = int(value)
            if self.limit == 0:
                raise Over("as told")
        elif kind == "ssh":
            self.send(b"SSH-2.0-OpenSSH_9.2\r\n")

    # ---- SOCKS5 ----

    def socks5(self):
        self.kind = "socks5"
        methods = self.read(self.read(1)[0])
        if self.proxy.merged:
            self.ahead = bool(select.select([self.connection], [], [], 0.2)[0])
            if not self.ahead:
                self.fault = " WRONG: the request does not come with the greeting"
        elif not self.proxy.merged and select.select([self.connection], [], [], 0.05)[0]:
            self.fault = " WRONG: bytes behind the greeting"
        if self.proxy.user:
            if 2 not in methods:
                self.send(b"\x05\xff")
                raise Over("no method")
            self.send(b"\x05\x02")
            self.read(1)
            name = self.read(self.read(1)[0]).decode()
            password = self.read(self.read(1)[0]).decode()
            if f"{name}:{password}" != self.proxy.user:
                self.send(b"\x01\x01")
                raise Over("another user")
            self.send(b"\x01\x00")
        else:
            self.send(b"\x05\x00")
        _, command, _, kind = self.read(4)
        if kind == 3:
            host = self.read(self.read(1)[0]).decode()
        else:
            host = socket.inet_ntop(*((socket.AF_INET, self.read(4)) if kind == 1 else (socket.AF_INET6, self.read(16))))
        (port,) = struct.unpack(">H", self.read(2))
        self.asked = f"{('', 'ipv4', '', 'name', 'ipv6')[kind]} {host} {port}"
        if command != 1:
            self.fault += " WRONG: no CONNECT"
        return port

    def socks5_reply(self, code, name=False):
        address = b"\x03\xff" + 255 * b"n" if name else b"\x01\x7f\x00\x00\x01"
        return bytes([5, code, 0]) + address + b"\x10\x00"

    # ---- HTTP ----

    def http(self, first):
        self.kind = "http"
        head = first
        while not head.endswith(b"\r\n\r\n"):
            head += self.read(1)
        lines = head.decode().split("\r\n")
        method, authority, version = lines[0].split()
        fields = dict(line.split(": ", 1) for line in lines[1:-2])
        if method != "CONNECT" or version != "HTTP/1.1" or fields["Host"] != authority:
            self.fault = f" WRONG: {head!r}"
        host, _, port = authority.rpartition(":")
        if method == "OPTIONS":
            self.fault = ""
            self.send(self.http_reply(407 if self.proxy.user else 200))
            raise Over("it was asked what it can do")
        self.asked = f"authority {host} {port}"
        if self.proxy.user:
            wanted = "Basic " + base64.b64encode(self.proxy.user.encode()).decode()
            if fields.get("Proxy-Authorization") != wanted:
                self.send(self.http_reply(407))
                raise Over("another user")
        return int(port)

    def http_reply(self, code, name=False):
        return b"HTTP/1.1 %d As told\r\nVia: %s\r\n\r\n" % (code, 255 * b"n" if name else b"1.1 script")

    # ---- what becomes of it ----

    def run(self):
        try:
            with self.connection:
                self.early_plan()
                if self.usual[0] == "echo":
                    self.serve()
                    return
                first = self.read(1)
                port = self.socks5() if first == b"\x05" else self.http(first)
                self.answer(port)
                self.proxy.say(self, "connected")
                self.serve()
        except (Over, OSError, ValueError, KeyError) as why:
            self.proxy.say(self, f"ended: {why}")

    def answer(self, port):
        kind, value = self.plan(port)
        reply = self.socks5_reply if self.kind == "socks5" else self.http_reply
        good = reply(0 if self.kind == "socks5" else 200, kind == "name")
        if kind == "never":
            self.connection.recv(1)
            raise Over("the client has closed")
        if kind == "end":
            raise Over("as told")
        if kind == "refuse":
            self.send(reply(int(value or REFUSALS[self.kind])))
            raise Over("as told")
        if kind == "garbage":
            self.send(bytes(range(128, 256)))
        elif kind == "endless":
            self.send(b"HTTP/1.1 200 OK\r\n" + 20000 * b"x" if self.kind == "http" else good[:3] + 300 * b"\x09")
        elif kind == "late":
            time.sleep(float(value))
        elif kind == "pieces":
            self.pace = float(value)
        if kind == "together":
            self.connection.sendall(good + self.proxy.banner)
        elif kind not in ("garbage", "endless"):
            self.send(good)
        if kind in ("garbage", "endless"):
            self.connection.recv(1)
            raise Over("the client has closed")
        if kind != "together":
            self.connection.sendall(self.proxy.banner)

    def serve(self):
        while data := self.connection.recv(65536):
            if self.proxy.web:
                data = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
            self.connection.sendall(data)


class Proxy:
    def __init__(self, options):
        self.user, self.merged = options.user, options.merged
        self.web = options.server == "web"
        self.banner = b"" if options.server else b"banner\n"
        self.answers = {}
        self.lock = threading.Lock()
        for answer in options.answer:
            port, _, kind = answer.partition("=")
            self.answers[int(port)] = kind.partition(":")[::2]
        self.listeners = {}
        for place in options.address:
            address, _, kind = place.partition(",")
            self.listeners[self.listen(address)] = kind.partition(":")[::2]

    @staticmethod
    def listen(address):
        if address.startswith("vsock:"):
            listener = socket.socket(socket.AF_VSOCK)
            listener.bind((socket.VMADDR_CID_ANY, int(address[6:])))
        elif "/" in address:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(address)
        else:
            listener = socket.create_server(("127.0.0.1", int(address)))
        listener.listen(4096)
        return listener

    def say(self, client, what):
        with self.lock:
            print(f"{client.kind} {client.asked} trips {client.trips} {what}{client.fault}", flush=True)

    def serve(self):
        print("ready", flush=True)
        while True:
            for listener in select.select(list(self.listeners), [], [])[0]:
                client = Client(self, listener.accept()[0], self.listeners[listener])
                threading.Thread(target=client.run, daemon=True).start()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--answer", action="append", default=[])
    parser.add_argument("--user")
    parser.add_argument("--server", choices=["echo", "web"])
    parser.add_argument("--merged", action="store_true")
    parser.add_argument("address", nargs="+")
    threading.stack_size(256 * 1024)
    Proxy(parser.parse_args()).serve()


if __name__ == "__main__":
    sys.exit(main())
