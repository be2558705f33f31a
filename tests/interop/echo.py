# SPDX-License-Identifier: MIT
"""echo.py serve PORT | call CID PORT - a VM sockets program in Python: the exchange of tests/programs/native.c"""
import socket
import sys
import threading

SIZE = 1 << 20


def print_names(who, connection):
    peer, me = connection.getpeername(), connection.getsockname()
    print(f"{who}: peer {peer[0]} {peer[1]} self {me[0]} {me[1]}", flush=True)


def receive_all(connection):
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def serve(port):
    listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    listener.bind((socket.VMADDR_CID_ANY, port))
    listener.listen()
    connection, peer = listener.accept()
    assert connection.family == socket.AF_VSOCK and peer == connection.getpeername()
    print_names("serve", connection)
    connection.sendall(receive_all(connection))
    connection.shutdown(socket.SHUT_WR)


def call(cid, port):
    sent = bytes((i * 7919 >> 8) & 255 for i in range(SIZE))
    connection = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    connection.connect((cid, port))
    print_names("call", connection)

    def send():
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    same = receive_all(connection) == sent
    sender.join()
    print("call: data", "same" if same else "DIFFERENT")
    sys.exit(not same)


if sys.argv[1] == "serve":
    serve(int(sys.argv[2]))
else:
    call(int(sys.argv[2]), int(sys.argv[3]))
