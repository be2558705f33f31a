#!/usr/bin/python3
"""server.py tcp|vsock PORT [GREETING] - greets, if told to, and sends back what comes; prints who came.

tcp is an ordinary program, to be run under the shim; vsock one that is written for VM sockets, for the guest.
"""
import os
import socket
import sys
import threading

FAMILY, PORT, GREETING = sys.argv[1], int(sys.argv[2]), "".join(sys.argv[3:]).encode()


def listener():
    if FAMILY == "tcp":
        return socket.create_server(("", PORT), backlog=4096)
    if not os.path.exists("/run/vm/in"):
        sys.exit("server.py: AF_VSOCK is for machines of tests/vm only")
    server = socket.socket(socket.AF_VSOCK)
    server.bind((socket.VMADDR_CID_ANY, PORT))
    server.listen(4096)
    return server


def serve(connection, peer):
    came = "came {} {} to {} {}\n".format(*peer[:2], *connection.getsockname()[:2])
    os.write(1, came.encode())  # at once: there is a thread for each
    try:
        with connection:
            connection.sendall(GREETING)
            while data := connection.recv(1 << 16):
                connection.sendall(data)
    except OSError as why:
        print("ended:", why, flush=True)


with listener() as server:
    print("listening on", *server.getsockname()[:2], flush=True)
    while True:
        threading.Thread(target=serve, args=server.accept(), daemon=True).start()
