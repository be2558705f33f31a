#!/usr/bin/python3
"""slow_server.py PORT - a TCP server at loopback that lets each caller wait a second, and then sends back what it gets.

A filter drops all SYNs until a datagram comes to the same port: a caller has begun. It tries again after a second.
"""
import ctypes
import socket
import struct
import sys
import threading

PORT = int(sys.argv[1])
DROP = ctypes.create_string_buffer(struct.pack("=HBBI", 6, 0, 0, 0))  # "return 0", the one instruction
PROGRAM = struct.pack("@HP", 1, ctypes.addressof(DROP))
SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27


def echo(connection):
    with connection:
        try:
            while data := connection.recv(65536):
                connection.sendall(data)
        except OSError:
            pass


server = socket.create_server(("127.0.0.1", PORT))
server.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, PROGRAM)
told = socket.socket(type=socket.SOCK_DGRAM)
told.bind(("127.0.0.1", PORT))
print("listening", flush=True)
while told.recv(1):
    server.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
    accepted = server.accept()[0]
    server.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, PROGRAM)
    accepted.setblocking(True)
    threading.Thread(target=echo, args=[accepted], daemon=True).start()
