#!/usr/bin/python3
"""nameserver.py - a name server at 127.0.0.1 and [::1], port 53, by UDP and TCP, that prints each name it is asked for

Of *.free.test it knows the address 192.0.2.7, of many.free.test forty more, which UDP does not carry: that answer is cut. It
knows no other name.
"""
import select
import socket
import struct

A, SHORT = 1, 512


def answer(query, how):
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    name, (kind,) = ".".join(labels), struct.unpack(">H", query[at + 1:at + 3])
    print(how, name, flush=True)
    known = name.lower().endswith(".free.test")
    addresses = [f"192.0.2.{7 + i}" for i in range(41 if name == "many.free.test" else 1)] if known and kind == A else []
    records = b"".join(struct.pack(">HHHIH", 0xc00c, A, 1, 60, 4) + socket.inet_aton(a) for a in addresses)
    cut = how == "udp" and len(records) > SHORT - 100
    flags = 0x8180 | (0 if known else 3) | (0x0200 if cut else 0)
    head = query[:2] + struct.pack(">HHHHH", flags, 1, 0 if cut else len(addresses), 0, 0)
    return head + query[12:at + 5] + (b"" if cut else records)


def exactly(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            return None
        data += more
    return data


def serve(connection):
    while head := exactly(connection, 2):
        said = answer(exactly(connection, struct.unpack(">H", head)[0]), "tcp")
        connection.sendall(struct.pack(">H", len(said)) + said)


sockets = []
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    datagrams = socket.socket(family, socket.SOCK_DGRAM)
    datagrams.bind((address, 53))
    sockets += [datagrams, socket.create_server((address, 53), family=family)]
print("ready", flush=True)
while True:
    for ready in select.select(sockets, [], [])[0]:
        if ready.type == socket.SOCK_DGRAM:
            query, asker = ready.recvfrom(4096)
            ready.sendto(answer(query, "udp"), asker)
        else:
            with ready.accept()[0] as connection:
                serve(connection)
