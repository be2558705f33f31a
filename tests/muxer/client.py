#!/usr/bin/python3
"""client.py CASE HOST PORT [ARGUMENT...] - ordinary TCP clients of a server that sends back what it gets (server.py).

With a host "vsock" it is one that is written for VM sockets and calls the hypervisor, for the guest.
Each case is a function below. They fail with an exception; what is printed is said there.
"""
import asyncio
import errno
import os
import select
import socket
import sys
import threading
import time

HOST, PORT = sys.argv[2], int(sys.argv[3])
WORD = b"carried"


def new():
    if HOST == "vsock":
        if not os.path.exists("/run/vm/in"):
            sys.exit("client.py: AF_VSOCK is for machines of tests/vm only")
        return socket.socket(socket.AF_VSOCK)
    return socket.socket()


def connected(timeout=None):
    client = new()
    client.settimeout(timeout)
    client.connect((2, PORT) if HOST == "vsock" else (HOST, PORT))
    return client


def check(seen, wanted):
    assert seen == wanted, f"{seen!r}, and should be {wanted!r}"


def talk(client, word=WORD):
    client.sendall(word)
    check(client.recv(len(word), socket.MSG_WAITALL), word)


def check_names(client):
    check(client.getpeername(), (HOST, PORT))
    own = client.getsockname()
    check((len(own), own[0].count("."), own[1] > 0), (2, 3, True))
    check((client.family, client.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE)), (socket.AF_INET, socket.SOCK_STREAM))
    check(client.getsockopt(socket.SOL_SOCKET, socket.SO_DOMAIN), socket.AF_INET)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return own


def outcome(client):
    """The errno's name of an attempt, in whichever of the two ways the socket goes about it."""
    error = client.connect_ex((HOST, PORT))
    if error == errno.EINPROGRESS:
        poll = select.poll()
        poll.register(client, select.POLLOUT)
        assert poll.poll(20000), "neither connected nor failed after 20 seconds"
        error = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return errno.errorcode.get(error, "connected")


# ---- the cases ----


def blocking():
    """A connection, its names, and a word there and back."""
    with connected() as client:
        check_names(client)
        talk(client)


def waiting():
    """The same without blocking: EINPROGRESS, and readiness when it is there."""
    with new() as client:
        client.setblocking(False)
        check(client.connect_ex((HOST, PORT)), errno.EINPROGRESS)
        check(len(select.select([], [client], [], 20)[1]), 1)
        check(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0)
        check_names(client)
        client.settimeout(20)
        talk(client)


def errors():
    """What an attempt fails with: blocking, and not; and how long the longer of the two took."""
    said, begun, longest = [], time.monotonic(), 0
    for block in (True, False):
        with new() as client:
            client.setblocking(block)
            said.append(outcome(client))
        longest, begun = max(longest, time.monotonic() - begun), time.monotonic()
    print(*said, f"{longest:.1f}")


def loops():
    """20 connections of asyncio at once."""

    async def visit(number):
        word = b"%04d" % number * 1000
        reader, writer = await asyncio.open_connection(HOST, PORT)
        check(writer.get_extra_info("peername"), (HOST, PORT))
        writer.write(word)
        check(await reader.readexactly(len(word)), word)
        writer.close()
        await writer.wait_closed()

    async def visits():
        await asyncio.gather(*(visit(number) for number in range(20)))

    asyncio.run(visits())


def epolls():
    """Registrations from before connect() hold: not ready too early, then for what comes, level and edge."""
    for extra in (0, select.EPOLLET):
        with new() as client, select.epoll() as epoll:
            client.setblocking(False)
            epoll.register(client, select.EPOLLIN | select.EPOLLOUT | extra)
            epoll.poll(0)
            check(client.connect_ex((HOST, PORT)), errno.EINPROGRESS)
            seen = 0
            while not seen & select.EPOLLOUT:
                (_, seen), = epoll.poll(20)
            check(client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0)
            check(seen & (select.EPOLLIN | select.EPOLLERR | select.EPOLLHUP), 0)
            client.send(WORD)
            while not seen & select.EPOLLIN:
                (_, seen), = epoll.poll(20)
            check(client.recv(100), WORD)
            epoll.modify(client, select.EPOLLIN)
            check(epoll.poll(0.05), [])


def forks():
    """A child uses the connection and closes it; its parent goes on with it."""
    with connected() as client:
        talk(client)
        child = os.fork()
        if child == 0:
            names = check_names(client)
            talk(client, b"child")
            client.close()
            os._exit(0 if names else 1)
        check(os.waitpid(child, 0)[1], 0)
        check_names(client)
        talk(client, b"parent")


def execs():
    """Another program is given the connection: its names are the same there."""
    client = connected()
    own = check_names(client)
    os.set_inheritable(client.fileno(), True)
    os.execv(sys.executable, [sys.executable, __file__, "inherited", HOST, str(PORT), str(client.fileno()), *map(str, own)])


def inherited():
    with socket.socket(fileno=int(sys.argv[4])) as client:
        check(check_names(client), (sys.argv[5], int(sys.argv[6])))
        talk(client)


def greeted():
    """What the server says first is all there, to a client that reads first; as many times in both ways to connect."""
    greeting = sys.argv[4].encode()
    for timeout in int(sys.argv[5]) * [None, 20]:
        with connected(timeout) as client:
            check(client.recv(len(greeting), socket.MSG_WAITALL), greeting)
            talk(client)


def many():
    """That many connections, one after the other, and the same number of names at any time open."""
    for number in range(int(sys.argv[4])):
        with connected() as client:
            talk(client, b"%08d" % number)


def together():
    """That many connections open at once, each with a name of its own."""
    clients = [connected() for _ in range(int(sys.argv[4]))]
    check(len({client.getsockname() for client in clients}), len(clients))
    for number, client in enumerate(clients):
        client.sendall(b"%08d" % number)
    for number, client in enumerate(clients):
        check(client.recv(8, socket.MSG_WAITALL), b"%08d" % number)


def bulk():
    """That many MiB there and back, 64 KiB at a time: the device stands still if both directions stay full."""
    with connected() as client:
        for _ in range(int(sys.argv[4]) * 16):
            piece = os.urandom(1 << 16)
            client.sendall(piece)
            check(client.recv(len(piece), socket.MSG_WAITALL) == piece, True)


def flood():
    """That many MiB there and back, both ways full all the time: vhost-device-vsock 0.3.0 stands still at 12 MiB or so."""
    data = os.urandom(int(sys.argv[4]) << 20)
    with connected() as client:
        sender = threading.Thread(target=client.sendall, args=[data])
        sender.start()
        check(client.recv(len(data), socket.MSG_WAITALL) == data, True)
        sender.join()


def leaves():
    """A program that does not wait, and ends while it connects."""
    with new() as client:
        client.setblocking(False)
        check(client.connect_ex((HOST, PORT)), errno.EINPROGRESS)
        check(select.select([], [client], [], 0.2)[1], [])


def stays():
    """A connection that says a word for each line of stdin; "end" at its end."""
    with connected() as client:
        talk(client)
        print("connected", flush=True)
        for line in sys.stdin:
            try:
                client.sendall(line.encode())
                got = client.recv(len(line), socket.MSG_WAITALL)
            except OSError as why:
                print(errno.errorcode[why.errno], flush=True)
                return
            print(got.decode().strip() or "end", flush=True)


globals()[sys.argv[1]]()
