"""name-table.py CASE [COUNT] - names and what stands for them, in many processes and numbers."""
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time


def look_up(name):
    try:
        return socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)[0][4][0]
    except socket.gaierror as error:
        return error.errno


def denied(address):
    """What a connect() there fails with."""
    with socket.socket() as s:
        return s.connect_ex((address, 80))


def descriptors():
    return sorted(os.listdir("/proc/self/fd"))


def many(count):
    before = descriptors()
    found = {}
    for i in range(count):
        address = look_up(f"n{i}.names.test")
        assert address not in found, (address, i)
        found[address] = i
    for address, i in found.items():
        if i % 100 == 0:
            assert look_up(f"N{i}.Names.Test.") == address
            assert socket.gethostbyaddr(address)[0] == f"n{i}.names.test"
            assert denied(address) == errno.ECONNREFUSED
    assert look_up("more.names.test") == socket.EAI_AGAIN
    assert descriptors() == before, "a descriptor is lost"
    print(f"{count} names, each with an address of its own, and no more")


def full(most):
    found = [look_up(f"n{i}.names.test") for i in range(most)]
    assert all(str(address).startswith("10.99.7.") for address in found) and len(set(found)) == most, found
    assert not any(address.endswith((".0", ".255")) for address in found)
    assert look_up("more.names.test") == socket.EAI_AGAIN
    assert look_up("n7.names.test") == found[7] and denied(found[7]) == errno.ECONNREFUSED
    empty = next(a for a in (f"10.99.7.{i}" for i in range(1, 255)) if a not in found)
    for address in (empty, "10.99.7.0", "10.99.7.255"):
        assert denied(address) == errno.ENETUNREACH, address
    print(f"{most} names fill the range, and the next is EAI_AGAIN")


def family(_):
    ours = look_up("a.names.test")
    program = ("import socket, sys; print(socket.gethostbyaddr(sys.argv[1])[0], socket.gethostbyname('b.names.test'), "
               "socket.socket().connect_ex((sys.argv[1], 80)))")
    name, other, error = subprocess.run([sys.executable, "-c", program, ours], capture_output=True, text=True,
                                        check=True, close_fds=True).stdout.split()
    assert (name, error) == ("a.names.test", str(errno.ECONNREFUSED)), (name, error)
    assert look_up("b.names.test") == other  # which another process has asked for
    if os.fork() == 0:
        os._exit(0 if look_up("c.names.test") and socket.gethostbyaddr(ours)[0] == "a.names.test" else 1)
    assert os.wait()[1] == 0
    found = [set() for _ in range(50)]

    def ask(turn):
        for i in range(50):
            found[i].add(look_up(f"t{i}.names.test"))
    threads = [threading.Thread(target=ask, args=(turn,)) for turn in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(addresses) == 1 for addresses in found) and len(set.union(*found)) == 50, found
    # nobody but the broker writes to what all read
    maps = [line for line in open("/proc/self/maps") if "vsockify-broker" in line]
    assert maps and all(line.split()[1] == "r--s" for line in maps), maps
    print("threads, children and other programs agree")


def processes(role):
    """Those of this tree's broker, by what ps shows."""
    out = subprocess.run(["pgrep", "-f", f"^vsockify-broker: {role} for {os.getpid()} "], capture_output=True, text=True)
    return [int(pid) for pid in out.stdout.split()]


def until(wanted):
    end = time.monotonic() + 10
    while not wanted():
        assert time.monotonic() < end
        time.sleep(0.01)


def worker(_):
    before = look_up("a.names.test")
    killed, = processes("worker")
    os.kill(killed, signal.SIGKILL)
    until(lambda: processes("worker") not in ([], [killed]))
    assert look_up("a.names.test") == before and denied(before) == errno.ECONNREFUSED
    assert look_up("b.names.test") not in (before, socket.EAI_AGAIN)
    print("another worker knows what the first has given")


def keeper(_):
    before = look_up("a.names.test")
    keepers = processes("keeper")
    os.kill(keepers[0], signal.SIGKILL)
    until(lambda: not processes("worker") and not processes("keeper"))
    begun = time.monotonic()
    assert look_up("b.names.test") == socket.EAI_AGAIN and time.monotonic() - begun < 5
    assert look_up("a.names.test") == before and denied(before) == errno.ECONNREFUSED
    assert socket.gethostbyaddr(before)[0] == "a.names.test"
    print("without a broker: names that are known, and no others")


globals()[sys.argv[1]](int(sys.argv[2]) if len(sys.argv) > 2 else 0)
