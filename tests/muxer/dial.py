#!/usr/bin/python3
"""dial.py SOCKET PORT [SCRIPT] - a plain client of a muxer: CONNECT, OK, and then the stream.

Without a script: stdin is sent, what comes goes to stdout until the end; an end of stdin is not passed on. With one: it
is put to the guest's agent, the answer is shown, and its status is this program's.
"""
import os
import socket
import sys
import threading


def dial(path, port):
    """A connection to the guest's port; ConnectionRefusedError if the muxer ends it."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    connection.sendall(b"CONNECT %d\n" % port)
    answer = b""
    while not answer.endswith(b"\n"):
        byte = connection.recv(1)  # no byte beyond the line
        if not byte:
            raise ConnectionRefusedError(f"{path} {port}: no OK but the end, after {answer!r}")
        answer += byte
    if not answer.startswith(b"OK "):
        raise ConnectionError(f"{path} {port}: no OK but {answer!r}")
    return connection


def pieces(connection):
    while data := connection.recv(65536):
        yield data


def show(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def ask(connection, script):
    """The status of a script in the guest; what it prints is shown."""
    connection.sendall(script.encode() + b"\0")
    status = None
    for data in pieces(connection):
        if status is None:
            data, zero, rest = data.partition(b"\0")
            show(data)
            status = rest if zero else None
        else:
            status += data
        if status and status.endswith(b"\n"):
            return int(status)
    sys.exit("dial.py: the guest's agent has gone")


def send_stdin(connection):
    while data := os.read(0, 65536):
        connection.sendall(data)


def main():
    connection = dial(sys.argv[1], int(sys.argv[2]))
    if len(sys.argv) > 3:
        return ask(connection, sys.argv[3])
    threading.Thread(target=send_stdin, args=[connection], daemon=True).start()
    for data in pieces(connection):
        show(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
