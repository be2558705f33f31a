#!/usr/bin/python3
"""places.py CASE - the broker from elsewhere: a chroot, another uid, other namespaces."""
import os
import sys

from broker import Broker, Pending, receive

broker = Broker()
GUEST = "10.9.0.3"


class ByPath(Broker):
    def open(self, path=True, sndbuf=None):
        return super().open(True, sndbuf)


def serves(by):
    outcomes = by.hello()
    assert receive(Pending(by, GUEST, 5000).connected(), 6) == b"banner"
    assert Pending(by, GUEST, 5999).fails(outcomes) == os.strerror(111)


def reaches(by):
    try:
        by.hello()
    except OSError:
        return False
    return True


def here():
    serves(broker)
    serves(ByPath())


def chrooted():
    by_path = ByPath()
    os.mkdir("root")
    os.chroot("root")
    serves(broker)
    assert not reaches(by_path)


def without_network():
    """Started by unshare -n: abstract names are of a network namespace."""
    assert not reaches(broker)
    serves(ByPath())


def another_user():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    serves(broker)
    serves(ByPath())


if __name__ == "__main__":
    globals()[sys.argv[1]]()
