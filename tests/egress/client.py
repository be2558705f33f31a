#!/usr/bin/python3
"""client.py HOST:PORT... - connects to each, as a blocking socket and as one that waits in a loop, and says what came of it

"ok": the banner came, what was sent came back, and getpeername() says what was asked for (of a name: an address that
getnameinfo() has that name for); "end": connected, and then the end; or the name of an errno. A line each: what was asked
for, the blocking one's outcome, the other's.
"""
import errno
import select
import signal
import socket
import sys

WORD = b"a word of many\n"


def talk(connection, host, port):
    name = connection.getpeername()
    if name[:2] != (host, port) and socket.getnameinfo(name, socket.NI_NUMERICSERV) != (host, str(port)):
        return f"peer {name}"
    try:
        connection.sendall(WORD)
        got = connection.recv(7 + len(WORD), socket.MSG_WAITALL)
    except (ConnectionResetError, BrokenPipeError):
        got = b""
    return "ok" if got == b"banner\n" + WORD else "end" if not got else f"got {got!r}"


def address_of(host, port):
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]


def blocking(host, port):
    family, _, _, _, address = address_of(host, port)
    with socket.socket(family) as connection:
        connection.settimeout(None)
        connection.connect(address)
        return talk(connection, host, port)


def waiting(host, port):
    family, _, _, _, address = address_of(host, port)
    with socket.socket(family) as connection, select.epoll() as epoll:
        connection.setblocking(False)
        epoll.register(connection, select.EPOLLOUT | select.EPOLLET)
        error = connection.connect_ex(address)
        if error == errno.EINPROGRESS:
            # the socket is not connected yet, which an epoll says at once
            while not [events for _, events in epoll.poll() if events != select.EPOLLHUP | select.EPOLLOUT]:
                pass
            error = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, "")
        connection.setblocking(True)
        return talk(connection, host, port)


def outcome(attempt, host, port):
    try:
        return attempt(host, port)
    except socket.gaierror as why:
        return f"no address: {why}"
    except OSError as why:
        return errno.errorcode.get(why.errno, str(why))


signal.alarm(60)  # whoever waits that long waits for ever
for asked in sys.argv[1:]:
    to, _, number = asked.rpartition(":")
    print(asked, outcome(blocking, to.strip("[]"), int(number)), outcome(waiting, to.strip("[]"), int(number)), flush=True)
