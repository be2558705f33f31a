#!/usr/bin/python3
"""crowd.py CASE - more at once than there is room for."""
import os
import sys
import time

from broker import Broker, Pending, open_files, receive, until

broker = Broker()
GUEST = "10.9.0.3"


def echoes(real):
    assert receive(real, 6) == b"banner"
    real.sendall(b"0123456789" * 100)
    assert receive(real, 1000) == b"0123456789" * 100


def queue():
    """With descriptors for fifty, hundred and fifty come: the others wait, and are served."""
    worker, failed, begun = broker.number("worker"), 0, time.monotonic()
    spent = seconds_of(worker)
    waiting = [Pending(broker, GUEST, 5001) for _ in range(150)]
    while waiting:
        pending = waiting.pop(0)
        if pending.settle(30) == "failed":
            failed += 1
        else:
            echoes(pending.take())
        pending.socket.close()
    assert failed == 0, failed
    spent, took = seconds_of(worker) - spent, time.monotonic() - begun
    assert spent < took / 4, (spent, took)  # it does not look for room all the time
    until(lambda: broker.number("given") == 0, "its copies stay open")
    assert broker.number("died") == 0


def thousands():
    """One round after the other; nothing is left over."""
    worker = broker.number("worker")
    before = open_files(worker)
    for _ in range(5):
        waiting = [Pending(broker, GUEST, 5000) for _ in range(400)]
        for pending in waiting:
            real = pending.connected()
            echoes(real)
            real.close()
            pending.socket.close()
    until(lambda: broker.number("given") == 0, "its copies stay open")
    assert broker.number("died") == 0 and broker.number("failed") == 0
    until(lambda: open_files(worker) == before, "descriptors are left open")


def idle():
    """Programs that never ask, up to the bound: those above it stay ready, and get it when they ask."""
    idle_ones = [Pending(broker, GUEST, 5000) for _ in range(45)]
    for pending in idle_ones:
        assert pending.settle() == "connected"
    until(lambda: broker.number("carried") >= 28, "they are not carried")
    time.sleep(1.5)  # longer than anybody waits to be carried
    most = broker.number("carried")
    assert most == 28, most  # half of the room that 200 descriptors are
    for pending in idle_ones:
        pending.socket.setblocking(False)
    waiting = [pending for pending in idle_ones if not readable(pending.socket)]
    assert len(waiting) == 45 - most, (len(waiting), most)
    for pending in waiting:
        pending.socket.setblocking(True)
        echoes(pending.take())


def seconds_of(pid):
    """Of a processor's time."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def readable(connection):
    try:
        return bool(connection.recv(1))
    except BlockingIOError:
        return False


if __name__ == "__main__":
    globals()[sys.argv[1]]()
