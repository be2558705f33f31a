#!/usr/bin/python3
"""pending.py CASE HOST PORT - what a TCP client sees while its connect() is under way, and of its end.

It prints what it sees, and is run over TCP and past a muxer by way of the broker: the same must come out. PORT answers
after a while (slow_server.py; a muxer that is late) and sends back what it gets; in the case "refused" nobody is there.
Each case is a function below.
"""
import errno
import fcntl
import os
import resource
import select
import signal
import socket
import struct
import sys
import time

HOST, PORT = sys.argv[2], int(sys.argv[3])
PATIENCE = 20
ALL = select.POLLIN | select.POLLOUT | select.POLLRDHUP | select.POLLPRI
EVENTS = ("POLLIN", "POLLOUT", "POLLERR", "POLLHUP", "POLLRDHUP", "POLLNVAL")


def name_of(error):
    return errno.errorcode.get(error, str(error))


def tried(call, *arguments):
    """What a call returned, or its errno's name."""
    try:
        return call(*arguments)
    except OSError as why:
        return name_of(why.errno)


def events_of(fd, seconds=0):
    poll = select.poll()
    poll.register(fd, ALL)
    seen = dict(poll.poll(seconds * 1000)).get(fd.fileno(), 0)
    return " ".join(name for name in EVENTS if seen & getattr(select, name)) or "nothing"


def begin(client):
    client.setblocking(False)
    print("connect:", name_of(client.connect_ex((HOST, PORT))))
    if HOST == "127.0.0.1":  # slow_server.py is told
        socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", (HOST, PORT))


def begun():
    client = socket.socket()
    begin(client)
    return client


def so_error(client):
    return name_of(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))


def tcp_state(client):
    return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def state(client, when):
    own = client.getsockname()
    print(when, "poll:", events_of(client))
    print(when, "names:", own[0].count("."), own[1] > 0, tried(client.getpeername) in ((HOST, PORT), "ENOTCONN"))
    print(when, "peer:", isinstance(tried(client.getpeername), tuple))
    print(when, "kind:", client.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN),
          client.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL), "state", tcp_state(client))


def talk(client, word=b"a word"):
    client.settimeout(PATIENCE)
    client.sendall(word)
    print("said:", client.recv(len(word), socket.MSG_WAITALL))


def arrived(client):
    print("then:", events_of(client, PATIENCE))


# ---- the cases ----


def asks():
    """Everything that can be asked, before and after."""
    client = begun()
    state(client, "pending")
    print("write, read:", tried(client.send, b"x"), tried(client.recv, 1))
    print("error:", so_error(client), so_error(client))
    print("connect:", name_of(client.connect_ex((HOST, PORT))), name_of(client.connect_ex(("10.9.0.99", 1))))
    arrived(client)
    print("error:", so_error(client), so_error(client))
    print("connect:", *(name_of(client.connect_ex((HOST, PORT))) for _ in range(3)))
    state(client, "connected")
    talk(client)


def connects():
    """connect() is the only one to ask."""
    client = begun()
    arrived(client)
    print("connect:", *(name_of(client.connect_ex((HOST, PORT))) for _ in range(3)))
    talk(client)


def waits():
    """A blocking socket by then: connect() waits for the end."""
    client = begun()
    client.setblocking(True)
    print("connect:", name_of(client.connect_ex((HOST, PORT))), name_of(client.connect_ex((HOST, PORT))))
    talk(client)


def options():
    """Options that are set meanwhile are there afterwards."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 77)
    begin(client)
    before = client.getsockname()
    wanted = ((socket.SOL_SOCKET, socket.SO_SNDBUF, 40000), (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
              (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 33), (socket.IPPROTO_IP, socket.IP_TOS, 16))
    for option in wanted:
        client.setsockopt(*option)
    print("with a larger buffer:", events_of(client), tried(client.send, b"x"))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 3))
    fcntl.fcntl(client, fcntl.F_SETFD, 0)
    for when in "before", "after":
        print(when, [client.getsockopt(*option[:2]) for option in wanted],
              client.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
              client.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
              client.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8),
              fcntl.fcntl(client, fcntl.F_GETFD), fcntl.fcntl(client, fcntl.F_GETFL) & os.O_NONBLOCK != 0)
        if when == "before":
            arrived(client)
            print("error:", so_error(client))
    print("the same name:", client.getsockname() == before)
    talk(client)


def events_when_told(client):
    """Of one that failed. unix_release_sock() tells of the end first, and of the room that it leaves a moment later."""
    events, last = events_of(client, PATIENCE), time.monotonic() + PATIENCE
    while "POLLOUT" not in events and time.monotonic() < last:
        time.sleep(0.01)
        events = events_of(client)
    return events


def refused():
    """A failure is told once, by whoever is asked first; then there can be another attempt."""
    for first in "error", "receive", "send", "connect", "peer":
        client = begun()
        print(first, "then:", events_when_told(client))
        if first == "receive":
            print(tried(client.recv, 1), so_error(client))
        elif first == "send":
            print(tried(client.send, b"x", socket.MSG_NOSIGNAL), so_error(client))
        elif first == "connect":
            print(name_of(client.connect_ex((HOST, PORT))), so_error(client))
        elif first == "peer":
            print(tried(client.getpeername), tcp_state(client))
        else:
            print(so_error(client), so_error(client))
        # (connect() that has told of it opens TCP's socket anew, which poll() shows as half of what it was)
        print("afterwards:", "POLLHUP" in events_of(client), tried(client.send, b"x", socket.MSG_NOSIGNAL))
        print("again:", *(name_of(client.connect_ex((HOST, PORT))) for _ in range(1 + (first in ("error", "peer")))))
        print("and:", "POLLHUP" in events_of(client, PATIENCE), so_error(client))


def epolls():
    """Registered before connect() and after it, level- and edge-triggered, one-shot, in two epolls at once."""
    modes = {"level": 0, "edge": select.EPOLLET, "once": select.EPOLLONESHOT,
             "edge once": select.EPOLLET | select.EPOLLONESHOT}
    for name, mode in modes.items():
        for early in True, False:
            one, other = select.epoll(), select.epoll()
            client = socket.socket()
            client.setblocking(False)
            if early:
                one.register(client, select.EPOLLOUT | select.EPOLLIN | mode)
                print(name, "before:", one.poll(0) != [])
                if mode & select.EPOLLONESHOT:
                    one.modify(client, select.EPOLLOUT | select.EPOLLIN | mode)
            begin(client)
            if not early:
                one.register(client, select.EPOLLOUT | select.EPOLLIN | mode)
            other.register(client, select.EPOLLOUT)
            print(name, early, "meanwhile:", one.poll(0), other.poll(0))
            print([event for _, event in one.poll(PATIENCE)], [event for _, event in other.poll(PATIENCE)])
            print("error:", so_error(client))
            if mode & select.EPOLLONESHOT:
                print("silent:", one.poll(0.05))
                one.modify(client, select.EPOLLOUT | mode)
            print("writable:", other.poll(PATIENCE) != [], mode == select.EPOLLET or one.poll(PATIENCE) != [])
            other.modify(client, select.EPOLLIN)
            one.modify(client, select.EPOLLIN | mode)
            client.send(b"abc")
            print([event for _, event in one.poll(PATIENCE)], [event for _, event in other.poll(PATIENCE)])
            print(client.recv(3))
            one.unregister(client)
            other.unregister(client)
            client.close()


def copies():
    """Duplicates in this process: one is asked, the other is read."""
    for ask_first in True, False:
        client = begun()
        copy = client.dup()
        other = socket.socket(fileno=os.dup2(client.fileno(), 77))
        arrived(copy)
        print("error:", so_error(copy if ask_first else client))
        client.setblocking(True)
        copy.sendall(b"three")
        print(other.recv(5, socket.MSG_WAITALL))
        print([tried(one.getpeername) == (HOST, PORT) for one in (client, copy, other)])
        other.close()


def forks():
    """Each process asks for itself, in either order; one reads what the other has written."""
    for child_first in True, False:
        client = begun()
        down, up = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                if not child_first:
                    os.read(down, 1)
                events_of(client, PATIENCE)
                client.getpeername()
                client.send(b"child")
                status = errno.ECHILD if so_error(client) != "0" else 0
            finally:
                os._exit(status)
        if not child_first:
            arrived(client)
            print("error:", so_error(client))
            os.write(up, b"x")
        print("child:", os.waitpid(child, 0)[1])
        print("error:", so_error(client))
        client.setblocking(True)
        print(client.recv(5, socket.MSG_WAITALL), tried(client.getpeername) == (HOST, PORT))
        client.close()
        os.close(down)
        os.close(up)


def executes():
    """A program that finds the pending socket under its standard input."""
    if "TRIES" in os.environ:
        sys.stdout = open(os.devnull, "w")  # what begun() says has been said
    client = begun()
    os.dup2(client.fileno(), 0)
    client.close()
    os.execv(sys.executable, [sys.executable, sys.argv[0], "executed", *sys.argv[2:]])


def executed():
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=0)
    tries = int(os.environ.get("TRIES", 1))
    if tries < 10 and isinstance(tried(client.getpeername), tuple):  # this machine is slow: the answer was here before
        os.environ["TRIES"] = str(tries + 1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execv(sys.executable, [sys.executable, sys.argv[0], "executes", *sys.argv[2:]])
    state(client, "executed")
    arrived(client)
    print("error:", so_error(client))
    state(client, "connected")
    talk(client)


def bare():
    """As executes(), but the program that finds it knows nothing of vsockify."""
    client = begun()
    os.dup2(client.fileno(), 0)
    client.close()
    os.environ.pop("LD_PRELOAD", None)
    os.execv(sys.executable, [sys.executable, sys.argv[0], "found", *sys.argv[2:]])


def found():
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=0)
    client.setblocking(True)
    for word in b"first", b"second":
        client.sendall(word)
        print(client.recv(len(word), socket.MSG_WAITALL))


def passes():
    """A descriptor that goes over a Unix socket to another process."""
    here, there = socket.socketpair()
    client = begun()
    socket.send_fds(here, [b"x"], [client.fileno()])
    client.close()
    child = os.fork()
    if child == 0:
        here.close()
        _, fds, _, _ = socket.recv_fds(there, 1, 1)
        got = socket.socket(socket.AF_INET, socket.SOCK_STREAM, fileno=fds[0])
        arrived(got)
        print("error:", so_error(got))
        state(got, "received")
        talk(got)
        sys.stdout.flush()
        os._exit(0)
    there.close()
    print("child:", os.waitpid(child, 0)[1])


def shuts():
    """shutdown() ends the attempt."""
    client = begun()
    print("shutdown:", tried(client.shutdown, socket.SHUT_WR))
    print("then:", events_of(client, PATIENCE) != "nothing", tried(client.getpeername))


def leaves():
    """close() while it is under way, many times."""
    for _ in range(50):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex((HOST, PORT))
        client.close()


def speaks():
    """A program that writes when poll() says so, and asks nothing."""
    client = begun()
    arrived(client)
    client.setblocking(True)
    for word in b"first", b"second", b"third":
        client.sendall(word)
        print(client.recv(len(word), socket.MSG_WAITALL))
    print("peer:", tried(client.getpeername) == (HOST, PORT))
    print("error:", so_error(client))
    talk(client, b"after all")


def twice():
    """One connection, and for each line of stdin another."""
    while True:
        client = begun()
        arrived(client)
        print("error:", so_error(client), "peer:", tried(client.getpeername) == (HOST, PORT))
        talk(client)
        client.close()
        print("descriptors:", len(os.listdir("/proc/self/fd")), flush=True)
        if not sys.stdin.readline():
            break


def late():
    """A server that speaks first, to a program that asks after two seconds, and again when it has read that."""
    client = begun()
    arrived(client)
    time.sleep(2)
    print("error:", so_error(client))
    client.settimeout(PATIENCE)
    print(client.recv(1000))
    print("error:", so_error(client), "peer:", tried(client.getpeername) == (HOST, PORT))
    talk(client)


def full():
    """No descriptor is left when it asks; later there are some."""
    client = begun()
    arrived(client)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (client.fileno() + 1, hard))
    print("error:", so_error(client), "peer:", tried(client.getpeername) == (HOST, PORT))
    talk(client)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print("error:", so_error(client))
    talk(client, b"another")


def cut():
    """The end of a connection that nobody could hand over."""
    client = begun()
    arrived(client)
    print("error:", so_error(client))
    print("events:", "POLLHUP" in events_of(client, PATIENCE))
    print("writes:", *(tried(client.send, b"x", socket.MSG_NOSIGNAL) for _ in range(2)))


def hopeless():
    """Nobody answers: the program's own patience counts."""
    client = begun()
    print("events:", events_of(client, 1), so_error(client), tried(client.getpeername))


def interrupted():
    """Settled in a signal handler, over and over, while the program itself asks."""
    client = begun()
    signal.signal(signal.SIGALRM, lambda *_: so_error(client))
    signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
    until = time.monotonic() + PATIENCE
    while not isinstance(tried(client.getpeername), tuple) and time.monotonic() < until:
        pass
    signal.setitimer(signal.ITIMER_REAL, 0)
    print("error:", so_error(client))
    talk(client)


globals()[sys.argv[1]]()
