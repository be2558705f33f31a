# SPDX-License-Identifier: MIT
"""relay.py vsock PORT HOST PORT | tcp PORT CID PORT - passes one connection on, from VM sockets to TCP or back

With the shim it has both kinds in one process: its own AF_VSOCK sockets, which must look as they are, and TCP sockets
that have been converted, which must look like TCP.
"""
import socket
import sys
import threading


def print_names(who, connection, family):
    assert connection.family == family, connection
    peer, me = connection.getpeername(), connection.getsockname()
    print(f"{who}: peer {peer[0]} {peer[1]} self {me[0]} {me[1]}", flush=True)


def own_listener(port):
    listener = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    listener.bind((socket.VMADDR_CID_ANY, port))
    listener.listen()
    return listener


def own_connection(cid, port):
    connection = socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)
    connection.connect((cid, port))
    return connection


def copy(source, to):
    while part := source.recv(65536):
        to.sendall(part)
    to.shutdown(socket.SHUT_WR)


kind, port, far, far_port = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
if kind == "vsock":
    own = own_listener(port).accept()[0]
    tcp = socket.create_connection((far, far_port))
else:
    tcp = socket.create_server(("0.0.0.0", port)).accept()[0]
    own = own_connection(int(far), far_port)
print_names("own", own, socket.AF_VSOCK)
print_names("tcp", tcp, socket.AF_INET)
back = threading.Thread(target=copy, args=(own, tcp))
back.start()
copy(tcp, own)
back.join()
