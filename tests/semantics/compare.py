#!/usr/bin/python3
"""compare.py - the same random sequences of socket calls over TCP and over VM sockets must give the same.

    compare.py [--first SEED] [--count N] [--jobs N] [--more DIFFERENCES] DIFFERENCES COMMAND...

Several sequences run at a time (--jobs), since most of each is waiting.

COMMAND is what is put before a program so that its TCP goes over VM sockets. Of each sequence (sequences.py), each call's
answer (worker.py) is compared. What cannot be the same stands in DIFFERENCES (of an engine, in those that --more names),
with the reason:

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
import itertools
import json
import os
import re
import subprocess
import sys
import threading
import time

import sequences

HERE = os.path.dirname(os.path.abspath(__file__))
QUICK, SLOW = 0.004, 0.06  # seconds between calls
TOO_LONG = "ended by signal 14"  # a sequence that has reached worker.py's LIMIT


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
    """What has become of each process's sockets so far, by what TCP said. Copies of a descriptor have one story."""

    def __init__(self):
        self.of = {"A": {}, "B": {}}
        self.remark = ""  # on all that follows

    def story(self, who, name):
        return self.of[who].setdefault(name, [])

    def describe(self, call):
        who, what, *arguments = call
        names = [a for a in arguments if isinstance(a, str) and re.fullmatch(r"s\d+", a)]
        story = " ".join(self.story(who, names[0])) if names else ""
        return "%s %s {%s}%s" % (what, " ".join(map(str, arguments)), story, self.remark)

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
        if what == "fork" and answer == "0":
            self.of["B"] = dict(self.of["A"])
        if what == "exec" and answer == "0":
            for story in self.of[who].values():
                story.append("exec")
        if what == "epoll_add" and "once" in arguments:
            self.story(who, arguments[1]).append("once")
        if what in ("getsockname", "getpeername", "poll", "pending", "epoll_add", "epoll_wait", "fork", "kill", "exec"):
            return
        name, *rest = arguments
        if what in ("dup", "dup2", "pass"):
            if answer == "0":
                self.of["B" if what == "pass" else who][rest[0]] = self.story(who, name)
            return
        if what == "accept":
            self.of[who][rest[0]] = ["accepted-by{%s}" % " ".join(self.story(who, name))]
        if what == "getsockopt":
            if rest[0] == "SO_ERROR":
                self.story(who, name).append("SO_ERROR=" + answer)
            return
        if what == "listen" and answer == "0" and any(re.fullmatch(r"(B\.)?shutdown\(\d\)=ENOTCONN", done)
                                                      for done in self.story(who, name)):
            self.remark = " (a listener was shut before)"
        detail = ",".join(map(str, rest[:2] if what == "socket" else rest))
        self.story(who, name).append("%s%s(%s)=%s" % ("B." if who == "B" else "", what, detail, answer.split(" ")[0]))


class Comparison:
    """Both workers, and what is known."""

    turns = itertools.count()
    rules = 0  # which of those in vsockify.conf the sequence is under

    def __init__(self, before, differences):
        self.workers = [Worker([]), Worker(before)]
        self.differences = differences

    def run(self, calls, settle):
        """
        Both answers for a sequence. Ports are others each time, since TCP keeps them for a while, and for either worker,
        since where the rules pass, both use TCP.
        """
        port = 20000 + 1500 * self.rules + 4 * (next(self.turns) % 187)
        for index, worker in enumerate(self.workers):
            worker.begin({"port": port + 750 * index, "settle": settle, "calls": calls})
        return [worker.end() for worker in self.workers]

    def first_unknown(self, calls, settle, count=False):
        """The first call whose answers differ for no known reason: its index, what it is, both answers; or None."""
        stories, both = Stories(), self.run(calls, settle)
        slow = all(TOO_LONG in answers for answers in both)  # in a machine that others keep busy, say
        for index, (call, *answers) in enumerate(zip(calls, *both)):
            if slow and TOO_LONG in answers:
                return None
            for text, tcp, vsock in stories.compare(call, *answers):
                known = next((d for d in self.differences if d.explains(text, tcp, vsock)), None)
                if not known:
                    return index, text, tcp, vsock
                known.met += count
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


class Report:
    """What all the sequences gave."""

    def __init__(self):
        self.lock = threading.Lock()
        self.passed, self.unsteady, self.kinds = 0, 0, {}

    def try_sequence(self, comparison, seed):
        calls = sequences.make(seed)
        comparison.rules = seed % 8
        for settle in (QUICK, SLOW, 2 * SLOW):
            # what was only slow, in a machine that others keep busy, is the same when it has time
            found = comparison.first_unknown(calls, settle, count=settle == QUICK)
            if not found:
                self.unsteady += settle != QUICK
                break
        kind = found and same_kind(calls, found)
        with self.lock:
            if not found:
                self.passed += 1
                if self.passed % 100 == 0:
                    print("%d the same" % self.passed, flush=True)
                return
            self.kinds.setdefault(kind, []).append(seed)
            first = len(self.kinds[kind]) == 1
        if first:
            self.explain(comparison, seed, calls[:found[0] + 1], found)

    def explain(self, comparison, seed, calls, found):
        short = comparison.shorten(calls, same_kind(calls, found))
        both = comparison.run(short, SLOW)
        stories = Stories()
        for call, tcp in zip(short, both[0]):
            last = stories.describe(call)
            stories.go_on(call, tcp)
        with self.lock:
            print("sequence %d: %s: %s, not %s" % (seed, found[1].split(" {")[0], found[3], found[2]))
            show(short, both)
            print("    call: %s" % last, flush=True)

    def failed(self):
        return sum(map(len, self.kinds.values()))

    def finish(self, differences, seconds):
        for difference in differences:
            print("%d known: %s" % (difference.met, difference.why))
        for kind, seeds in self.kinds.items():
            print("%d times: %s: %s, not %s: %s" % (len(seeds), kind[0], kind[2], kind[1], " ".join(map(str, seeds))))
        print("%d that differed once were the same when there was more time" % self.unsteady)
        failed = self.failed()
        print("%d sequences in %d s: %d passed, %d failed" % (self.passed + failed, seconds, self.passed, failed))
        return 1 if failed or not self.passed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--more")
    parser.add_argument("differences")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    begun, report, differences = time.monotonic(), Report(), read_differences(options.differences)
    if options.more:
        differences += read_differences(options.more)
    seeds = iter(range(options.first, options.first + options.count))

    def work():
        comparison = Comparison(options.command, differences)
        for seed in seeds:
            report.try_sequence(comparison, seed)

    threads = [threading.Thread(target=work) for _ in range(options.jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ran = report.passed + report.failed()
    if ran != options.count:
        print("%d sequences have not been run to their end" % (options.count - ran))
        return 1
    return report.finish(differences, time.monotonic() - begun)


sys.exit(main())
