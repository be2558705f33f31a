"""named.py - a client of servers that it knows by name, in many ways."""
import asyncio
import ctypes
import errno
import os
import selectors
import socket
import subprocess
import sys
import threading


def serve(port):
    listener = socket.create_server(("0.0.0.0", port))

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=echo, args=(connection,), daemon=True).start()

    def echo(connection):
        while data := connection.recv(65536):
            connection.sendall(b"%d:" % port + data)
        connection.close()
    threading.Thread(target=accept, daemon=True).start()


for served in 5432, 9000, 9005:
    serve(served)
db = socket.gethostbyname("db.internal")
db6 = socket.getaddrinfo("db.internal", 5432, socket.AF_INET6, socket.SOCK_STREAM)[0][4]
web = socket.gethostbyname("WEB.example.")


def talks(connection, port, peer):
    connection.sendall(b"hello")
    got = connection.recv(100)
    assert got == b"%d:hello" % port, got
    assert connection.getpeername()[:2] == peer, (connection.getpeername(), peer)
    return connection


# ---- connections ----

with talks(socket.create_connection(("db.internal", 5432)), 5432, (db, 5432)) as connection:
    assert socket.getnameinfo(connection.getpeername(), socket.NI_NUMERICSERV) == ("db.internal", "5432")
    # a program that inherits it
    program = ("import socket; s = socket.socket(fileno=0); s.sendall(b'again'); assert s.recv(99) == b'5432:again'; "
               "print(s.getpeername()[0], socket.getfqdn(s.getpeername()[0]))")
    said = subprocess.run([sys.executable, "-c", program], stdin=connection, capture_output=True, text=True, check=True)
    assert said.stdout.split() == [db, "db.internal"], said.stdout
with talks(socket.create_connection(("web.example", 8000)), 9000, (web, 8000)):
    pass
with talks(socket.create_connection(("web.example", 8005)), 9005, (web, 8005)):
    pass
with socket.socket(socket.AF_INET6) as connection:
    connection.connect(db6)
    talks(connection, 5432, db6[:2])
with socket.socket(socket.AF_INET6) as connection:
    connection.connect(("::ffff:" + db, 5432))
    talks(connection, 5432, ("::ffff:" + db, 5432))
with socket.socket() as connection:
    connection.setblocking(False)
    assert connection.connect_ex((db, 5432)) in (0, errno.EINPROGRESS)
    selector = selectors.DefaultSelector()
    selector.register(connection, selectors.EVENT_WRITE)
    assert selector.select(10)
    assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    assert connection.connect_ex((db, 5432)) in (0, errno.EISCONN)
    connection.setblocking(True)
    talks(connection, 5432, (db, 5432))
with socket.socket() as connection:  # connected by the first data
    assert connection.sendto(b"hello", socket.MSG_FASTOPEN, (db, 5432)) == 5
    assert connection.recv(100) == b"5432:hello" and connection.getpeername() == (db, 5432)
    # an address is of no account now
    assert connection.sendto(b"more", (web, 1)) == 4 and connection.recv(100) == b"5432:more"


async def by_asyncio():
    reader, writer = await asyncio.open_connection("web.example", 8000, happy_eyeballs_delay=0.1)
    writer.write(b"hello")
    assert await reader.read(100) == b"9000:hello"
    assert writer.get_extra_info("peername") == (web, 8000)
    writer.close()


asyncio.run(by_asyncio())

# ---- refusals ----


def fails(address, port, family=socket.AF_INET, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as s:
        return errno.errorcode.get(s.connect_ex((address, port)), "0")


denied = socket.gethostbyname("denied.example")
assert fails(denied, 8000) == "ECONNREFUSED"      # by its rule
assert fails(web, 443) == "ECONNREFUSED"          # no rule for this port
assert fails(web, 25) == "ECONNREFUSED"           # the rule for every name
assert fails(db, 5433) == "ECONNREFUSED"
assert fails(web, 8099) == "ECONNREFUSED"         # nobody listens
assert fails("198.19.77.77", 5432) == "ENETUNREACH"  # stands for nothing
assert fails("198.19.77.0", 5432) == "ENETUNREACH"
assert fails("fd76:736f:636b:1::ffff", 5432, socket.AF_INET6) == "ENETUNREACH"
assert fails(db, 5432, kind=socket.SOCK_DGRAM) == "ENETUNREACH"
assert fails(db6[0], 5432, socket.AF_INET6, socket.SOCK_DGRAM) == "ENETUNREACH"
with socket.socket() as connection:  # an attempt after one that was refused
    assert connection.connect_ex((web, 443)) == errno.ECONNREFUSED
    connection.connect((db, 5432))
    talks(connection, 5432, (db, 5432))
    assert connection.connect_ex((web, 8000)) == errno.EISCONN
    assert connection.connect_ex(("198.19.77.77", 1)) in (errno.EISCONN, errno.ENETUNREACH)


class IoVec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("size", ctypes.c_size_t)]


class Message(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("namelen", ctypes.c_uint), ("iov", ctypes.POINTER(IoVec)),
                ("iovlen", ctypes.c_size_t), ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int), ("sent", ctypes.c_uint)]


def refused(what, call):
    try:
        call()
    except OSError as error:
        assert error.errno == errno.ENETUNREACH, (what, error)
    else:
        raise AssertionError(what + " went")


with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket(type=socket.SOCK_DGRAM) as other:
    refused("sendto", lambda: udp.sendto(b"x", (db, 53)))
    refused("sendmsg", lambda: udp.sendmsg([b"x"], [], 0, (db, 53)))
    name = socket.AF_INET.to_bytes(2, sys.byteorder) + (53).to_bytes(2, "big") + socket.inet_aton(db) + bytes(8)
    messages = (Message * 2)()
    for message in messages:
        message.name, message.namelen, message.iovlen = name, 16, 1
        message.iov = ctypes.pointer(IoVec(b"x", 1))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.sendmmsg(udp.fileno(), messages, 2, 0) == -1 and ctypes.get_errno() == errno.ENETUNREACH
    # what goes elsewhere still does
    other.bind(("127.0.0.1", 0))
    udp.sendto(b"x", other.getsockname())
    udp.sendmsg([b"y"], [], 0, other.getsockname())
    assert other.recv(9) == b"x" and other.recv(9) == b"y"
with socket.socket(socket.AF_UNIX) as unix:
    assert ctypes.CDLL(None, use_errno=True).connect(unix.fileno(), name, 16) == -1
    assert ctypes.get_errno() == errno.EINVAL
assert libc.connect(9999, name, 16) == -1 and ctypes.get_errno() == errno.EBADF
pipe = os.pipe()
assert libc.connect(pipe[0], name, 16) == -1 and ctypes.get_errno() == errno.ENOTSOCK
print("as it should be")
