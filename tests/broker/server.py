#!/usr/bin/python3
"""server.py MUXER PORT... - what listens in the guest of a muxer by script: says "banner", then sends back what comes."""
import socket
import sys
import threading


def serve(connection):
    try:
        with connection:
            connection.sendall(b"banner")
            while data := connection.recv(1 << 16):
                connection.sendall(data)
    except OSError as why:
        print("ended:", why, flush=True)


def listen(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(4096)
        ready.release()
        while True:
            threading.Thread(target=serve, args=[server.accept()[0]], daemon=True).start()


ready = threading.Semaphore(0)
for port in sys.argv[2:]:
    threading.Thread(target=listen, args=[f"{sys.argv[1]}_{port}"], daemon=True).start()
for _ in sys.argv[2:]:
    ready.acquire()
print("ready", flush=True)
threading.Event().wait()
