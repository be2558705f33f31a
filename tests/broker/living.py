#!/usr/bin/python3
"""living.py CASE - what becomes of connections when the broker dies, or hangs."""
import os
import signal
import socket
import sys
import time

from broker import HELLO, Broker, Pending, receive, until

broker = Broker()
GUEST = "10.9.0.3"


def worker():
    return broker.number("worker")


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(pid, number=signal.SIGKILL):
    os.kill(pid, number)
    until(lambda: not is_alive(pid), f"{pid} goes on")


def echoes(connection):
    connection.send(b"x")
    assert receive(connection, 1) == b"x"


def worker_dies():
    """What is pending fails, what is carried breaks, what was given goes on; a new worker knows what failed before."""
    outcomes = broker.hello()
    refused = Pending(broker, GUEST, 5999)
    assert refused.fails(outcomes) == os.strerror(111)
    given = Pending(broker, GUEST, 5000).connected()
    assert receive(given, 6) == b"banner"
    carried = Pending(broker, GUEST, 5000)
    carried.settle()
    carried.socket.send(b"y")
    assert receive(carried.socket, 7) == b"bannery"
    pending = Pending(broker, GUEST, 5001)
    old = worker()
    kill(old)
    assert pending.settle() == "failed" and pending.outcome(outcomes) == 0
    try:
        assert carried.socket.recv(1) == b""
    except ConnectionResetError:
        pass
    echoes(given)
    assert worker() != old and broker.number("died") == 1
    assert broker.number("dialogue") == 0 and broker.number("carried") == 0
    assert refused.outcome(outcomes) == 111
    seen = Pending(broker, GUEST, 5999).fails(broker.hello())
    assert seen == os.strerror(111), seen
    assert receive(Pending(broker, GUEST, 5000).connected(), 6) == b"banner"


def worker_dies_while():
    """In the states between: nobody has asked yet, the program has it but has not said so, nobody wants it any more."""
    ready, giving = Pending(broker, GUEST, 5000), Pending(broker, GUEST, 5000)
    assert ready.settle() == "connected" and giving.settle() == "connected"
    pair = giving.ask()
    answer, descriptors, _, _ = socket.recv_fds(pair, 65, 2)
    assert len(answer) == 64 and len(descriptors) == 1
    real = socket.socket(fileno=descriptors[0])
    real.settimeout(10)
    held = Pending(broker, GUEST, 5002)
    until(lambda: broker.number("dialogue") == 1, "nothing begins")
    held.socket.close()
    until(lambda: broker.number("held") == 1, "it is not held")
    assert broker.number("ready") == 1
    kill(worker())
    for end in (pair, ready.socket, giving.socket):
        try:
            assert end.recv(1) == b"", end
        except ConnectionResetError:
            pass
    assert receive(real, 6) == b"banner"
    echoes(real)
    assert broker.number("held") == 0 and broker.number("died") == 1


def keeper_dies():
    """Nobody works unwatched; and who comes then is refused by the kernel."""
    given = Pending(broker, GUEST, 5000).connected()
    pending = Pending(broker, GUEST, 5001)
    keeper, old = broker.number("keeper"), worker()
    kill(keeper)
    until(lambda: not is_alive(old), "the worker goes on")
    assert pending.settle() == "failed"
    assert receive(given, 6) == b"banner"
    echoes(given)
    for path in (False, True):
        try:
            broker.open(path=path)
        except ConnectionRefusedError:
            continue
        raise AssertionError("somebody listens")
    os.unlink(broker.path)
    os.rmdir(os.path.dirname(broker.path))


def stopped():
    """A silent broker is a silent network; and one that was stopped while it waits is not taken for a hung one."""
    old = worker()
    os.kill(old, signal.SIGSTOP)
    pending = Pending(broker, GUEST, 5000)
    time.sleep(0.3)
    assert pending.state() == "pending"
    os.kill(old, signal.SIGCONT)
    assert receive(pending.connected(), 6) == b"banner"
    assert worker() == old and broker.number("died") == 0


def dies_too_often():
    """There is an end to it."""
    for i in range(5):
        until(lambda: is_open(), "no new worker")
        kill(worker())
        until(lambda: i == 4 or (is_open() and broker.number("died") == i + 1), "no new worker")
    kill(worker())
    until(lambda: not is_open(), "it goes on")


def is_open():
    try:
        with broker.open() as connection:
            connection.send(broker.request(HELLO))
            return len(connection.recv(100)) == 64
    except OSError:
        return False


def restarts_in_a_queue():
    """Who came while there was no worker is served by the next."""
    old = worker()
    os.kill(old, signal.SIGSTOP)
    waiting = [Pending(broker, GUEST, 5000) for _ in range(20)]
    assert all(one.state() == "pending" for one in waiting)
    kill(old)
    for one in waiting:
        assert receive(one.connected(), 6) == b"banner"
        one.socket.close()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
