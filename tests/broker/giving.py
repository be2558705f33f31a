#!/usr/bin/python3
"""giving.py CASE - what a program gets of a finished connection, whether or not it asks for it."""
import array
import fcntl
import os
import socket
import sys
import termios
import threading
import time

from broker import Broker, Pending, receive, until

broker = Broker()
GUEST = "10.9.0.3"


def pending(port=5000):
    connection = Pending(broker, GUEST, port)
    assert connection.settle() == "connected"
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
    return connection


def unread(connection):
    count = array.array("i", [0])
    fcntl.ioctl(connection, termios.FIONREAD, count)
    return count[0]


def get(connection, wanted):
    data = receive(connection, len(wanted))
    assert data == wanted, (len(data), data[:100], wanted[:100])


def written_before():
    """What the program wrote before it asked goes first; and nothing is lost of what was carried already."""
    connection = pending()
    connection.socket.send(b"one")
    connection.socket.send(b"two")
    real = connection.take()
    real.send(b"three")
    get(real, b"banneronetwothree")


def banner_waits():
    """Nothing is carried to a program that may ask yet."""
    connection = pending()
    time.sleep(0.3)
    assert unread(connection.socket) == 0
    get(connection.take(), b"banner")
    assert broker.number("carried") == 0


def never_asks():
    """Who never asks is carried, after a second."""
    connection, begun = pending(), time.monotonic()
    get(connection.socket, b"banner")
    assert time.monotonic() - begun > 0.9, time.monotonic() - begun
    assert broker.number("carried") == 1
    data = os.urandom(3 << 20)
    threading.Thread(target=connection.socket.sendall, args=[data]).start()
    get(connection.socket, data)
    connection.socket.shutdown(socket.SHUT_WR)
    assert connection.socket.recv(1) == b""
    connection.socket.close()
    until(lambda: broker.number("carried") == 0, "it is still carried")


def writes_unasked():
    """Who writes is carried at once."""
    connection, begun = pending(), time.monotonic()
    connection.socket.send(b"x")
    get(connection.socket, b"bannerx")
    assert time.monotonic() - begun < 0.8
    # and can still ask, when it has read all
    real = connection.take()
    assert unread(connection.socket) == 0
    real.send(b"y")
    get(real, b"y")


def slow_reader():
    """What nobody takes stays with who sends it."""
    connection = pending()
    connection.socket.settimeout(0.5)
    sent = 0
    try:
        while sent < 1 << 26:
            sent += connection.socket.send(bytes(1 << 16))
    except TimeoutError:
        pass
    assert sent < 1 << 24, sent
    get(connection.socket, b"banner")
    get(connection.socket, bytes(sent))
    assert broker.number("carried") == 1


def not_committed():
    """Who does not want it after all is served as before."""
    connection = pending()
    connection.socket.send(b"a")
    get(connection.socket, b"bannera")
    connection.take(commit=False).close()
    connection.socket.send(b"b")
    get(connection.socket, b"b")
    assert broker.number("carried") == 1 and broker.number("given") == 0
    connection.take(commit=False).close()
    real = connection.take()
    real.send(b"c")
    get(real, b"c")


def not_committed_yet():
    """Nothing is carried while the program may have it."""
    connection = pending()
    pair = connection.ask()
    answer, descriptors, _, _ = socket.recv_fds(pair, 65, 2)
    assert len(answer) == 64 and len(descriptors) == 1
    connection.socket.send(b"late")
    time.sleep(1.3)
    assert unread(connection.socket) == 0
    pair.close()
    get(connection.socket, b"bannerlate")
    os.close(descriptors[0])


def copies():
    """A copy of what the program had asks for itself, or writes."""
    connection = pending()
    copy = connection.socket.dup()
    real = connection.take()
    connection.socket.close()
    get(real, b"banner")
    assert broker.number("given") == 1
    copy.send(b"from the copy")
    get(real, b"from the copy")
    connection.socket = copy
    again = connection.take()
    again.send(b"once more")
    get(real, b"once more")
    again.close()
    copy.close()
    until(lambda: broker.number("given") == 0, "the broker keeps its copy")
    real.send(b"end")
    get(real, b"end")


def ends_are_passed_on():
    connection = pending()
    connection.socket.send(b"x")
    get(connection.socket, b"bannerx")
    connection.socket.close()
    until(lambda: broker.number("carried") == 0, "it is still carried")
    connection = pending()
    connection.socket.close()
    until(lambda: broker.number("ready") == 0, "it is still there")


def strange_gives():
    """Another byte, or more descriptors than one: the end of that connection, and of no other."""
    for descriptors, byte in ((1, b"g"), (2, b"G"), (10, b"G")):
        connection = pending()
        with connection.ask(descriptors, byte) as pair:
            assert pair.recv(1) == b""
        connection.socket.settimeout(10)
        try:
            assert connection.socket.recv(1) == b""
        except ConnectionResetError:
            pass
    connection = pending()  # no stream
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    socket.send_fds(connection.socket, [b"G"], [one.fileno()])
    one.close()
    connection = pending()
    socket.send_fds(connection.socket, [b"G"], [os.open("/dev/null", os.O_RDONLY)])
    get(pending().take(), b"banner")
    assert "workers that died 0" in broker.status(), broker.status()
    other.close()


def gone_meanwhile():
    """The program dies while it is given the socket."""
    for _ in range(20):
        connection = pending()
        connection.ask().close()
        connection.socket.close()
    until(lambda: broker.number("ready") == 0 and broker.number("given") == 0, "something is left")
    assert "workers that died 0" in broker.status()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
