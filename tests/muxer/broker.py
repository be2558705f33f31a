#!/usr/bin/python3
"""broker.py FAULT NAME SOCKET - a broker that does what the real one never does, for the muxer at SOCKET.

It takes token, secret and rules from VSOCKIFY_BROKER, listens at the abstract name NAME, and prints what a program's
VSOCKIFY_BROKER is to be. Except for its fault it is a broker as docs/broker.md has it, though it carries no more than
words and their echoes.

  none        everything as it should be
  silent      it never answers HELLO            strange     WELCOME shows another secret
  short       the table in WELCOME is too small unsealed    and may become smaller
  garbage     HANDOVER is bytes                 pipe        HANDOVER has a pipe in place of a socket
  unconnected HANDOVER has a socket without a peer
  many        HANDOVER has eight descriptors    bare        HANDOVER has none
  late        HANDOVER never comes              deaf        what it is asked for is not read, and never answered
  closes      the program's GIVE ends the connection
"""
import array
import fcntl
import mmap
import os
import select
import socket
import struct
import sys
import threading

FAULT, NAME, MUXER = sys.argv[1:4]
VERSION, TOKEN, SECRET, RULES, _, _ = os.environ["VSOCKIFY_BROKER"].split(":", 5)
HEAD = struct.Struct("=IHHIIQQ16s16s")
HELLO, WELCOME, CONNECT, HANDOVER = 1, 2, 3, 5
SLOTS = 65536
MEMORY = SLOTS * 16 + 256 + 32768 * 256  # outcomes, and names, of which there are none

print(f"{VERSION}:{TOKEN}:{SECRET}:{RULES}:{NAME}:", flush=True)

outcomes = os.memfd_create("memory", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
os.ftruncate(outcomes, 4096 if FAULT == "short" else MEMORY)
table = mmap.mmap(outcomes, SLOTS * 16) if FAULT != "short" else None
if FAULT != "unsealed":
    fcntl.fcntl(outcomes, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)


def answer(connection, kind, descriptors):
    secret = bytes.fromhex(SECRET) if kind == WELCOME else bytes(16)
    if FAULT == "strange":
        secret = bytes(16)
    head = HEAD.pack(0x76736662, 3, kind, 64, 0, int(RULES, 16), 0, secret, bytes(16))
    if FAULT == "garbage" and kind == HANDOVER:
        head = os.urandom(64)
    attached = array.array("i", descriptors)
    connection.sendmsg([head], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, attached)] if descriptors else [])


def note(cookie, error):
    turn = struct.unpack_from("=I", table, cookie % SLOTS * 16)[0] | 1
    struct.pack_into("=IIQ", table, cookie % SLOTS * 16, turn + 1, error, cookie)


def dial(port, own_port):
    onward = socket.socket(socket.AF_UNIX)
    onward.bind(f"\0vsockify/{own_port}")
    onward.connect(MUXER)
    onward.sendall(b"CONNECT %d\n" % port)
    said = b""
    while not said.endswith(b"\n"):
        byte = onward.recv(1)
        if not byte:
            onward.close()
            return None
        said += byte
    onward.setblocking(False)
    return onward


def hand_over(pair, onward):
    spare = [onward.fileno()]
    if FAULT == "pipe":
        spare = os.pipe()[:1]
    elif FAULT == "unconnected":
        spare = [socket.socket(socket.AF_UNIX).detach()]
    elif FAULT == "many":
        spare = [onward.fileno()] * 8
    elif FAULT == "bare":
        spare = []
    if FAULT != "late":
        answer(pair, HANDOVER, spare)
    return pair.recv(1) == b"C"


def connect(connection, request, cookie):
    port, own_port = struct.unpack_from("=HH", request, 64 + 32)
    if FAULT == "deaf":
        threading.Event().wait()
    onward = dial(port, own_port)
    if not onward:
        note(cookie, 111)
        return
    connection.recv(2304, socket.MSG_WAITALL)
    print(f"connected {port}", flush=True)
    while True:
        data, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
        if not data:
            return
        word = data[:-1] if ancillary else data
        if word:
            onward.sendall(word)
            select.select([onward], [], [])
            connection.sendall(onward.recv(4096))
        if not ancillary:
            continue
        pair = socket.socket(fileno=struct.unpack("=i", ancillary[0][2][:4])[0])
        if FAULT == "closes":
            return
        with pair:
            print("taken" if hand_over(pair, onward) else "not taken", flush=True)


def serve(connection):
    with connection:
        request = connection.recv(2304, socket.MSG_PEEK | socket.MSG_WAITALL)
        if len(request) < 2304:
            return
        kind, cookie = HEAD.unpack_from(request)[2], HEAD.unpack_from(request)[6]
        if kind == CONNECT:
            connect(connection, request, cookie)
        elif kind == HELLO and FAULT != "silent":
            answer(connection, WELCOME, [outcomes])
        elif kind == HELLO:
            threading.Event().wait()


with socket.socket(socket.AF_UNIX) as listener:
    listener.bind("\0" + NAME)
    listener.listen(4096)
    print("listening", flush=True)
    while True:
        threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()
