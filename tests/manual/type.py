#!/usr/bin/python3
"""type.py SETUP SHELL... - what a shell at a terminal makes of a key that inserts all completions.

Lines to type come on standard input; for each, the line as it then stands is printed. The setup, a file that the
shell reads first, binds C-x a to inserting all completions, C-x p to adding the line to the file $RESULT, and lets
the first prompt add a line to it.
"""
import os
import pty
import sys
import threading
import time

LIMIT = 60  # seconds until a line is given up

result = os.environ["RESULT"] = os.path.join(os.environ["TMPDIR"], "typed")


def lines():
    try:
        with open(result) as file:
            return file.read().split("\n")[:-1]
    except FileNotFoundError:
        return []


def wait_for(count, what):
    until = time.monotonic() + LIMIT
    while len(lines()) < count:
        if time.monotonic() > until:
            sys.exit(f"type.py: nothing came of {what!r}; on the screen: {screen[-2000:]!r}")
        time.sleep(0.02)


def read_screen(terminal):
    while True:
        try:
            screen.extend(os.read(terminal, 65536))
        except OSError:
            return


screen = bytearray()
if os.path.exists(result):
    os.remove(result)
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
threading.Thread(target=read_screen, args=(terminal,), daemon=True).start()
os.write(terminal, f". {sys.argv[1]}\r".encode())
wait_for(1, "the setup")
for number, line in enumerate(sys.stdin.read().split("\n")[:-1]):
    os.write(terminal, line.encode() + b"\x18a\x18p")
    wait_for(number + 2, line)
    print(lines()[number + 1])
    os.write(terminal, b"\x15")
os.write(terminal, b"exit\r")
os.waitpid(child, 0)
