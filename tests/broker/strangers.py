#!/usr/bin/python3
"""strangers.py CASE - who may not talk to the broker is closed unread, and who may is served meanwhile."""
import array
import os
import random
import socket
import struct
import sys
import time

from broker import (CONNECT, HELLO, HOLD, LISTEN, LOOKUP, REQUEST, STATUS, VERSION, Broker, Pending, mapped, open_files, receive,
                    until)

broker = Broker()
GUEST = "10.9.0.3"


def is_closed(message, descriptors=()):
    """It is closed unread: with an error, as a refused connection of TCP."""
    with broker.open() as connection:
        if descriptors:
            socket.send_fds(connection, [message], descriptors)
        else:
            connection.send(message)
        try:
            return connection.recv(100) == b""
        except ConnectionResetError:
            return True


def still_serves():
    real = Pending(broker, GUEST, 5000).connected()
    assert receive(real, 6) == b"banner"
    assert "workers that died 0" in broker.status(), broker.status()


def wrong():
    body = mapped(GUEST) + bytes(16) + struct.pack("=HHBBBx", 5000, 0, 0, 0, 1)
    for other in (dict(token=bytes(16)), dict(token=broker.secret), dict(version=VERSION + 1), dict(magic=1), dict(rules=0),
                  dict(rules=broker.rules ^ 1), dict(size=64), dict(error=1)):
        assert is_closed(broker.request(CONNECT, 5, body, **other)), other
        assert is_closed(broker.request(HELLO, **other)), other
    for kind in (0, 2, 4, 5, 6, 7, 8, 12, 13, 65535):
        assert is_closed(broker.request(kind)), kind
    for place in (64 + 39, 64 + 40, REQUEST - 1, 48, 63):  # what must be 0
        message = bytearray(broker.request(CONNECT, 5, body))
        message[place] = 1
        assert is_closed(bytes(message)), place
    for name in (b"", b"a..b", b"A.example", b"a.example.", b"a.example\0b", b"b\xc3\xbccher", b"a" * 64, b"a." * 127):
        assert is_closed(broker.request(LOOKUP, 0, bytes(40) + name)), name
    assert is_closed(broker.request(LOOKUP, 5, bytes(40) + b"a.example"))
    assert is_closed(broker.request(LOOKUP, 0, body + b"a.example"))
    assert is_closed(broker.request(CONNECT, 5, body + b"a.example"))
    assert is_closed(broker.request(CONNECT, 0, body)) and is_closed(broker.request(HELLO, 1))
    assert is_closed(broker.request(LISTEN, 5))
    assert is_closed(broker.request(LISTEN, 0, bytes(40 + 254) + b"k" * 16))  # without a socket nothing is said
    still_serves()


def descriptors():
    """Too many, too few, or none that will do."""
    null = os.open("/dev/null", os.O_RDONLY)
    before = open_files(worker())
    for count in (1, 2, 100, 253):
        for kind in (HELLO, CONNECT, STATUS):
            assert is_closed(broker.request(kind, 5 if kind == CONNECT else 0), [null] * count)
        assert is_closed(broker.request(HOLD), [null] * count)
    assert is_closed(broker.request(HOLD))
    listener = socket.create_server(("127.0.0.1", 0))
    assert is_closed(broker.request(HOLD), [listener.fileno()])
    still_serves()
    until(lambda: open_files(worker()) <= before + 1, "descriptors are left open")


def worker():
    words = broker.status().replace(",", "").split()
    return int(words[words.index("worker") + 1])


def silent():
    """Those who say nothing, or not all, are closed in time; the oldest when they are too many."""
    begun = time.monotonic()
    some = [broker.open() for _ in range(20)]
    for connection in some[::2]:
        connection.send(broker.request(HELLO)[:2000])
    still_serves()
    for connection in some:
        try:
            assert connection.recv(1) == b""
        except ConnectionResetError:
            pass
    assert 0.9 < time.monotonic() - begun
    begun = time.monotonic()
    many = [broker.open() for _ in range(300)]
    assert many[0].recv(1) == b""
    assert time.monotonic() - begun < 0.9, "nobody makes room for others"
    still_serves()


def noise():
    """Anything at all."""
    chance = random.Random(os.getpid())
    begun = broker.request(CONNECT, 5)
    for _ in range(300):
        size = chance.choice((1, 3, 4, 63, 64, 65, 2303, 2304, 2305, 5000))
        message = bytearray(begun.ljust(size, b"\0")[:size])
        for _ in range(chance.choice((1, 2, 50))):
            message[chance.randrange(size)] = chance.randrange(256)
        with broker.open() as connection:
            connection.send(bytes(message))
            if chance.random() < 0.5:
                connection.shutdown(socket.SHUT_WR)
    still_serves()


def gone():
    """Those who have gone before anybody looked."""
    for _ in range(200):
        with broker.open() as connection:
            connection.send(broker.request(HELLO))
        with broker.open(sndbuf=0) as connection:
            cookie = array.array("Q", connection.getsockopt(socket.SOL_SOCKET, 57, 8))[0]
            connection.send(broker.request(CONNECT, cookie, mapped(GUEST) + bytes(16) +
                                           struct.pack("=HHBBBx", 5000, 0, 0, 0, 1)))
    still_serves()
    until(lambda: broker.number("ready") == 0 and broker.number("held") == 0, "something is left")


if __name__ == "__main__":
    globals()[sys.argv[1]]()
