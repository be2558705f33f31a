#!/usr/bin/python3
"""compare.py - the same random sequences of socket calls over TCP and over VM sockets must give the same.

    compare.py [--first SEED] [--count N] [--seconds S] DIFFERENCES COMMAND...

COMMAND is what is put before a program so that its TCP goes over VM sockets. Of each sequence (sequences.py), each call's
answer (worker.py) is compared. What cannot be the same stands in DIFFERENCES, with the reason:

    why: the kernel's reason
    call: what is called, a regular expression; the socket's story so far follows in braces
    tcp: what it gives over TCP, a regular expression
    vsock: what over VM sockets
    kernel: words with which the releases begin that it is for; all, if there is none
    then: same, if the calls that follow can be compared; other, if not

An unknown difference is looked for again with more time between the calls, then the sequence is made as short as it can
be, and shown. The last line counts.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time

import sequences

HERE = os.path.dirname(os.path.abspath(__file__))
QUICK, SLOW = 0.004, 0.06  # seconds between calls


class Worker:
    """worker.py, with or without something before it."""

    def __init__(self, before):
        self.process = subprocess.Popen([*before, "/usr/bin/python3", HERE + "/worker.py"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def begin(self, sequence):
        self.process.stdin.write(json.dumps(sequence) + "\n")
        self.process.stdin.flush()

    def end(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit("a worker has ended: status %d" % self.process.wait())
        return json.loads(line)


class Difference:
    """What is known to be different."""

    def __init__(self, lines):
        self.__dict__.update({"why": "", "then": "same", "kernel": "", "met": 0})
        for line in lines:
            key, _, value = line.partition(": ")
            if key == "why":
                self.why = (self.why + " " + value).strip()
            elif key in ("call", "tcp", "vsock"):
                setattr(self, key, re.compile(value))
            elif key in ("then", "kernel"):
                setattr(self, key, value)
            else:
                sys.exit("unknown word in a difference: " + line)

    def explains(self, call, tcp, vsock):
        return self.call.search(call) and self.tcp.fullmatch(tcp) and self.vsock.fullmatch(vsock)


def read_differences(path):
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n") for line in file if not line.startswith("#")]
    blocks, block = [], []
    for line in [*lines, ""]:
        if line:
            block.append(line)
        elif block:
            blocks.append(Difference(block))
            block = []
    release = os.uname().release
    return [b for b in blocks if not b.kernel or any(release.startswith(word) for word in b.kernel.split())]


class Stories:
    """What has become of each socket so far, by what TCP said. Copies of a descriptor have one story."""

    def __init__(self):
        self.of = {}

    def story(self, name):
        return self.of.setdefault(name, [])

    def describe(self, call):
        _, what, *arguments = call
        names = [a for a in arguments if isinstance(a, str) and re.fullmatch(r"s\d+", a)]
        story = " ".join(self.story(names[0])) if names else ""
        return "%s %s {%s}" % (what, " ".join(map(str, arguments)), story)

    def compare(self, call, tcp, vsock):
        """What differs: a text for it, and both answers. An epoll's is one for each socket."""
        if tcp == vsock:
            return
        if call[1] != "epoll_wait":
            yield self.describe(call), tcp, vsock
            return
        ready = [dict(part.split(" ", 1) for part in answer.split(", ") if " " in part) for answer in (tcp, vsock)]
        for name in sorted({*ready[0], *ready[1]}):
            both = [events.get(name, "none") for events in ready]
            if both[0] != both[1]:
                yield self.describe(["A", "epoll_wait", name]), *both

    def go_on(self, call, answer):
        who, what, *arguments = call
        if what in ("getsockname", "getpeername", "poll", "pending", "epoll_add", "epoll_wait", "fork"):
            return
        name, *rest = arguments
        if what in ("dup", "dup2", "pass"):
            if answer == "0":
                self.of[rest[0]] = self.story(name)
            return
        if what == "accept":
            self.of[rest[0]] = ["accepted-by{%s}" % " ".join(self.story(name))]
        if what == "getsockopt":
            if rest[0] == "SO_ERROR":
                self.story(name).append("SO_ERROR=" + answer)
            return
        detail = ",".join(map(str, rest[:2] if what == "socket" else rest))
        self.story(name).append("%s%s(%s)=%s" % ("B." if who == "B" else "", what, detail, answer.split(" ")[0]))


class Comparison:
    """Both workers, and what is known."""

    def __init__(self, before, differences):
        self.workers = [Worker([]), Worker(before)]
        self.differences = differences
        self.turn = 0

    def run(self, calls, settle):
        """Both answers for a sequence. Ports are others each time: TCP keeps them for a while."""
        self.turn = (self.turn + 1) % 3000
        for worker in self.workers:
            worker.begin({"port": 20000 + 4 * self.turn, "settle": settle, "calls": calls})
        return [worker.end() for worker in self.workers]

    def first_unknown(self, calls, settle, met=None):
        """The first call whose answers differ for no known reason: its index, what it is, both answers; or None."""
        stories = Stories()
        for index, (call, *answers) in enumerate(zip(calls, *self.run(calls, settle))):
            for text, tcp, vsock in stories.compare(call, *answers):
                known = next((d for d in self.differences if d.explains(text, tcp, vsock)), None)
                if not known:
                    return index, text, tcp, vsock
                known.met += met is not None
                if known.then == "other":
                    return None
            stories.go_on(call, answers[0])
        return None

    def shorten(self, calls, kind):
        """Leave out every call without which the same difference is still there."""
        size = max(1, len(calls) // 4)
        while size:
            at = len(calls) - size
            while at >= 0:
                fewer = calls[:at] + calls[at + size:]
                found = self.first_unknown(fewer, SLOW / 3) if fewer else None
                if found and same_kind(fewer, found) == kind:
                    calls = fewer
                at -= size
            size //= 2
        return calls


def same_kind(calls, found):
    index, _, tcp, vsock = found
    return (calls[index][1], *[re.sub(r"\d+", "#", text) for text in (tcp, vsock)])


def show(calls, both):
    for call, tcp, vsock in zip(calls, *both):
        line = "    %s  %-40s %s" % (call[0], " ".join(map(str, call[1:])), tcp)
        print(line if tcp == vsock else "%s   BUT %s" % (line, vsock))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("differences")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    comparison = Comparison(options.command, read_differences(options.differences))
    begun, passed, kinds = time.monotonic(), 0, {}
    for seed in range(options.first, options.first + options.count):
        if options.seconds and time.monotonic() - begun > options.seconds:
            break
        calls = sequences.make(seed)
        if comparison.first_unknown(calls, QUICK, met=True):
            found = comparison.first_unknown(calls, SLOW)
            if found:
                kind = same_kind(calls, found)
                kinds[kind] = kinds.get(kind, 0) + 1
                if kinds[kind] == 1:
                    short = comparison.shorten(calls[:found[0] + 1], kind)
                    print("sequence %d: %s: %s, not %s" % (seed, found[1].split(" {")[0], found[3], found[2]))
                    show(short, comparison.run(short, SLOW))
                    stories = Stories()
                    for call, tcp in zip(short, comparison.run(short, SLOW)[0]):
                        last = stories.describe(call)
                        stories.go_on(call, tcp)
                    print("    call: %s" % last, flush=True)
                continue
        passed += 1
    for kind, count in kinds.items():
        print("%d times: %s: %s, not %s" % (count, kind[0], kind[2], kind[1]))
    for difference in comparison.differences:
        print("%d known: %s" % (difference.met, difference.why))
    failed = sum(kinds.values())
    print("%d sequences in %d s: %d passed, %d failed" % (passed + failed, time.monotonic() - begun, passed, failed))
    return 1 if failed or not passed else 0


sys.exit(main())
