#!/usr/bin/python3
"""connecting.py CASE - what becomes of a CONNECT, and of the socket that comes of it."""
import errno
import os
import socket
import struct
import sys
import time

from broker import HOLD, Broker, Pending, mapped, receive, until

broker = Broker()
GUEST, NO_VM = "10.9.0.3", "10.9.0.4"


def echoes(connection, size=1000):
    data = os.urandom(size)
    connection.sendall(data)
    assert receive(connection, size) == data


def banner(connection):
    assert receive(connection, 6) == b"banner"


def success():
    for port in (5000, 5001, 5007, 5008):
        real = Pending(broker, GUEST, port).connected()
        banner(real)
        echoes(real)
        real.close()
    assert broker.number("failed") == 0


def marked():
    """The socket says what it was asked for: word A of its mark has the address that the program named."""
    real = Pending(broker, GUEST, 5000).connected()
    word, = struct.unpack("=Q", real.getsockopt(socket.SOL_SOCKET, 47, 8))
    assert word >> 61 == 5 and word >> 60 & 1, hex(word)
    assert word >> 16 & 0xffffffff == int.from_bytes(socket.inet_aton(GUEST), "big") and word & 0xffff == 5000, hex(word)
    assert real.getsockname()[:10] == b"\0vsockify/", real.getsockname()


def refused():
    outcomes = broker.hello()
    for address, port, error in ((GUEST, 5999, errno.ECONNREFUSED), (GUEST, 5004, errno.EPROTO), (GUEST, 5005, errno.EPROTO),
                                 (GUEST, 5006, errno.ECONNREFUSED), (GUEST, 5009, errno.EPROTO),
                                 (GUEST, 9999, errno.ECONNREFUSED), (NO_VM, 5000, errno.EHOSTUNREACH),
                                 ("10.1.2.3", 80, errno.EPROTO)):
        seen = Pending(broker, address, port).fails(outcomes)
        assert seen == os.strerror(error), (address, port, seen)
    assert broker.number("failed") == 8


def timed_out():
    """As late as connect_timeout says; and the muxer is not left without an answer of its own: it is held."""
    outcomes, begun = broker.hello(), time.monotonic()
    pending = Pending(broker, GUEST, 5003)
    late = Pending(broker, GUEST, 5002)
    assert pending.state() == "pending"
    assert pending.fails(outcomes) == os.strerror(errno.ETIMEDOUT)
    assert 0.9 < time.monotonic() - begun, time.monotonic() - begun
    assert late.fails(outcomes) == os.strerror(errno.ETIMEDOUT)
    assert broker.number("held") == 2
    until(lambda: broker.number("held") == 1, "the one that was answered late is still held")


def cancelled():
    pending = Pending(broker, GUEST, 5002)
    until(lambda: broker.number("dialogue") == 1, "nothing begins")
    pending.socket.close()
    until(lambda: broker.number("dialogue") == 0 and broker.number("held") == 1, "it is not held")
    until(lambda: broker.number("held") == 0, "it is held for good")


def held():
    """A dialogue that a program could not finish itself."""
    muxer = socket.socket(socket.AF_UNIX)
    muxer.connect(os.environ["MUXER"])
    muxer.send(b"CONNECT 5002\n")
    with broker.open() as connection:
        socket.send_fds(connection, [broker.request(HOLD)], [muxer.fileno()])
        muxer.close()
        assert connection.recv(1) == b""
    assert broker.number("held") == 1
    until(lambda: broker.number("held") == 0, "it is held for good")


def by_path():
    outcomes = broker.hello(path=True)
    with broker.open(path=True, sndbuf=0) as connection:
        cookie, = struct.unpack("=Q", connection.getsockopt(socket.SOL_SOCKET, 57, 8))
        connection.send(broker.request(3, cookie, mapped(GUEST) + bytes(16) + struct.pack("=HHBBBx", 5000, 0, 0, 0, 0)))
        pending = Pending.__new__(Pending)
        pending.socket, pending.broker, pending.cookie = connection, broker, cookie
        banner(pending.connected())
    assert len(outcomes) == 1 << 20


def sealed():
    """Nobody but the broker writes what has become of connections."""
    import mmap
    broker.hello()
    for wrong in (lambda: mmap.mmap(broker.memory, 1 << 20), lambda: os.pwrite(broker.memory, b"x", 0),
                  lambda: os.ftruncate(broker.memory, 0)):
        try:
            wrong()
        except PermissionError:
            continue
        raise AssertionError("the outcomes can be written")


def many():
    """More at once than are waited for one after the other."""
    begun = time.monotonic()
    all_of_them = [Pending(broker, GUEST, 5001) for _ in range(200)]
    reals = [pending.connected() for pending in all_of_them]
    took = time.monotonic() - begun
    for real in reals:
        banner(real)
        echoes(real)
    assert took < 200 * 0.3 / 4, took
    for pending, real in zip(all_of_them, reals):
        pending.socket.close()
        real.close()
    until(lambda: broker.number("given") == 0, "the broker's copies stay open")


if __name__ == "__main__":
    globals()[sys.argv[1]]()
