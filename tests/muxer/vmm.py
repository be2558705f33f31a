#!/usr/bin/python3
"""vmm.py SOCKET - the process of a VMM, as far as its host sees it: it listens at SOCKET, where it answers nobody.

For each line "PORT WORD" of stdin it calls SOCKET_PORT as a guest's call would come, says WORD, and prints what comes
back, or "end", or the errno's name. The calls stay open.
"""
import errno
import socket
import sys

server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(64)
print("up", flush=True)
calls = []
for line in sys.stdin:
    port, word = line.split()
    call = socket.socket(socket.AF_UNIX)
    calls.append(call)
    try:
        call.connect(f"{sys.argv[1]}_{port}")
        call.sendall(word.encode())
        print(call.recv(len(word), socket.MSG_WAITALL).decode() or "end", flush=True)
    except OSError as why:
        print(errno.errorcode[why.errno], flush=True)
