"""sequences.py - repeatable sequences of socket calls, as worker.py takes them, made from a number.

Most begin with what programs do (a listener, connections, a child), since random calls alone seldom get that far. What
a call gives does not decide which comes next: the sequence is the same wherever it runs.
"""
import random

# A VM socket's port has no family, so each port is of one here: p0 of IPv4, p1 of IPv6, p2 of both.
PLACES = {
    4: [("any4", "p0"), ("lo4", "p0"), ("lo4", "p2"), ("lo4", "0"), ("any4", "0")],
    6: [("map4", "p0"), ("any6", "p1"), ("lo6", "p1"), ("any6", "p2"), ("any6", "0"), ("lo6", "0")],
}
CLIENTS = {
    4: {"p0": ["lo4", "lo4", "any4"], "p1": [], "p2": ["lo4"]},
    6: {"p0": ["map4"], "p1": ["lo6", "lo6", "any6"], "p2": ["lo6", "map4"]},
}
SETTABLE = {
    "SO_KEEPALIVE": (0, 1), "SO_LINGER": (0, 1), "SO_OOBINLINE": (0, 1), "SO_RCVLOWAT": (1, 100), "SO_PRIORITY": (0, 3),
    "SO_BROADCAST": (0, 1), "SO_REUSEADDR": (0, 1), "SO_DONTROUTE": (0, 1), "TCP_NODELAY": (0, 1), "TCP_CORK": (0, 1),
    "TCP_KEEPIDLE": (1, 600), "TCP_KEEPINTVL": (1, 60), "TCP_KEEPCNT": (1, 9), "TCP_SYNCNT": (1, 9),
    "TCP_LINGER2": (0, 60), "TCP_DEFER_ACCEPT": (0, 0), "TCP_USER_TIMEOUT": (0, 5000), "IP_TOS": (0, 16),
    "IP_TTL": (1, 64), "IPV6_UNICAST_HOPS": (1, 64), "IPV6_TCLASS": (0, 16),
}
GETTABLE = [*sorted(SETTABLE), "IPV6_V6ONLY"] + ["SO_ERROR"] * 6 + ["SO_TYPE", "SO_DOMAIN", "SO_PROTOCOL", "SO_ACCEPTCONN", "TCP_INFO"]
MSG_PEEK, MSG_DONTWAIT, MSG_WAITALL = 2, 0x40, 0x100


class Maker:
    """A sequence under construction, and what may be true at this point of it."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.calls, self.families = [], {}
        self.known = {"A": [], "B": []}  # which process has which sockets
        self.who = "A"
        self.epolls, self.forked = [], False
        self.used, self.fixed = set(), set()  # sockets that had an address; that must not get one any more
        self.listeners = []  # name, host, slot

    def add(self, what, *arguments):
        if what in ("bind", "listen", "connect"):
            # what two processes have before it has an address stays with TCP in the other
            if arguments[0] in self.fixed - self.used:
                return
            self.used.add(arguments[0])
        self.calls.append([self.who, what, *arguments])

    def new(self, family, who=None):
        name = "s%d" % len(self.families)
        self.families[name] = family
        self.known[who or self.who].append(name)
        return name

    def any(self):
        return self.random.choice(self.known[self.who][-6:])

    # ---- what programs do ----

    def make_socket(self):
        pick = self.random
        family = pick.choice([4, 4, 6])
        name = self.new(family)
        self.add("socket", name, family, pick.random() < 0.6, pick.random() < 0.7)
        return name

    def make_listener(self):
        name = self.make_socket()
        host, slot = self.random.choice(PLACES[self.families[name]][:4 if self.families[name] == 6 else 2])
        if slot == "p1" and self.random.random() < 0.4:
            self.add("setsockopt", name, "IPV6_V6ONLY", 1)
        self.add("bind", name, host, slot)
        self.add("listen", name, self.random.choice([5, 128]))
        self.listeners.append((name, slot))

    def make_client(self):
        if not self.listeners:
            self.make_listener()
        slot = self.random.choice(self.listeners)[1]
        name = self.make_socket()
        if not CLIENTS[self.families[name]][slot]:
            return
        if self.random.random() < 0.2:
            self.add("bind", name, *self.random.choice([p for p in PLACES[self.families[name]] if p[1] == "0"]))
        if self.random.random() < 0.3:
            self.watch(name)
        self.connect(name, slot)

    def connect(self, name, slot):
        hosts = CLIENTS[self.families[name]][slot]
        if hosts:
            self.add("connect", name, self.random.choice(hosts), slot)

    def make_accept(self):
        mine = [name for name, _ in self.listeners if name in self.known[self.who]]
        if mine:
            listener = self.random.choice(mine)
            self.add("accept", listener, self.new(self.families[listener]), self.random.random() < 0.6)

    def make_pair(self):
        """A client and what accepts it: both names, where there are any."""
        before = len(self.families)
        self.make_client()
        self.make_accept()
        return list(self.families)[before:][-2:]

    def make_pressure(self):
        """One end writes until there is no more room, while the other one pauses."""
        pair = self.make_pair()
        if len(pair) < 2 or not all(name in self.known[self.who] for name in pair):
            return
        self.random.shuffle(pair)
        writer, reader = pair
        if self.random.random() < 0.3:
            self.watch(writer)
        self.add("fill", writer)
        for what in self.random.sample(["poll", "send", "write", "epoll_wait", "getsockopt"], 2):
            if what != "epoll_wait":
                more = {"poll": [], "send": [500, MSG_DONTWAIT], "write": [10], "getsockopt": ["SO_ERROR"]}[what]
                self.add(what, writer, *more)
            elif self.epolls and self.who == "A":
                self.add(what, self.epolls[-1])
        if self.random.random() < 0.7:
            self.add("drain", reader)
            self.add("poll", writer)
            self.add("send", writer, 10, 0)
            self.add("recv", reader, 2000, 0)
        else:
            self.add("close", reader)

    def die(self):
        """The second process is killed; A may make another one."""
        self.who = "A"
        self.add("kill")
        self.forked, self.known["B"] = False, []

    def fork(self):
        self.who = "A"
        self.add("fork")
        self.known["B"] = list(self.known["A"])
        self.fixed.update(self.known["A"])
        self.forked = True

    def copy(self, what, name, new):
        self.add(what, name, new)
        if what == "pass" or name in self.fixed:
            self.fixed.update((name, new))
        if name in self.used:
            self.used.add(new)

    def watch(self, name):
        if self.who == "A":
            epoll = self.random.choice(["x0", "x1"])
            self.add("epoll_add", epoll, name, self.random.choice(["level", "level", "edge", "once"]))
            self.epolls.append(epoll)

    # ---- single calls ----

    def single(self):
        pick = self.random
        if not self.known[self.who]:
            return
        name = self.any()
        what = pick.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if what == "bind":
            self.add(what, name, *pick.choice(PLACES[self.families[name]]))
        elif what == "connect":
            self.connect(name, pick.choice(["p0", "p1", "p2"]))
        elif what == "listen":
            self.add(what, name, pick.choice([5, 128]))
        elif what == "accept":
            new = self.new(self.families[name])
            self.add(what, name, new, pick.random() < 0.6)
        elif what == "setsockopt":
            option = pick.choice(sorted(SETTABLE))
            self.add(what, name, option, pick.choice(SETTABLE[option]))
        elif what == "getsockopt":
            self.add(what, name, pick.choice(GETTABLE))
        elif what == "shutdown":
            self.add(what, name, pick.choice([0, 1, 1, 2]))
        elif what == "nonblock":
            self.add(what, name, pick.randint(0, 1))
        elif what == "dup":
            self.copy(what, name, self.new(self.families[name]))
        elif what == "pass":
            if self.forked and self.who == "A":
                self.copy(what, name, self.new(self.families[name], "B"))
        elif what == "dup2":
            self.add(what, name, self.any())
        elif what == "epoll_add":
            self.watch(name)
        elif what == "epoll_wait":
            if self.epolls and self.who == "A":
                self.add(what, pick.choice(self.epolls))
        elif what == "send":
            self.add(what, name, pick.choice([1, 10, 500]), pick.choice([0, 0, MSG_DONTWAIT]))
        elif what == "write":
            self.add(what, name, pick.choice([1, 10, 500]))
        elif what == "recv":
            self.add(what, name, pick.choice([1, 7, 2000]), pick.choice([0, 0, MSG_PEEK, MSG_DONTWAIT]))
        elif what == "fork":
            if not self.forked:
                self.fork()
        elif what == "kill":
            if self.forked:
                self.die()
        else:
            self.add(what, name)


WEIGHTS = {
    "bind": 3, "connect": 5, "listen": 3, "accept": 5, "getsockname": 5, "getpeername": 5, "setsockopt": 5,
    "getsockopt": 10, "shutdown": 4, "nonblock": 2, "dup": 2, "dup2": 1, "close": 4, "poll": 10, "epoll_add": 3,
    "epoll_wait": 6, "send": 8, "write": 4, "recv": 10, "pending": 2, "fork": 2, "pass": 2,
    "kill": 1,
}


def make(seed, length=40):
    """The sequence of a number."""
    maker = Maker(seed)
    starts = [maker.make_socket, maker.make_listener, maker.make_client, maker.make_pair, maker.make_pair]
    maker.random.choice(starts)()
    if maker.random.random() < 0.1:
        maker.make_pressure()
    if maker.random.random() < 0.2:
        maker.fork()
    execute = maker.random.randrange(length) if maker.random.random() < 0.04 else length  # it takes long
    while len(maker.calls) < length:
        if len(maker.calls) >= execute:
            maker.add("exec")
            execute = length
        maker.who = "B" if maker.forked and maker.random.random() < 0.4 else "A"
        if maker.random.random() < 0.12:
            maker.random.choice([*starts, maker.make_accept])()
        else:
            maker.single()
    return maker.calls[:length]
