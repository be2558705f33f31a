"""--explain and the shim decide the same about 10,000 random addresses.

Rules and addresses are drawn from few bits, so that they meet often. A program makes the calls under the shim, whose log
says what was decided; --explain is asked about the same addresses. The configurations are random too, but always the same.
"""
import ipaddress
import json
import os
import random
import re
import subprocess

ROUNDS, ADDRESSES = 5, 2000
VSOCKIFY, DECIDE = os.environ["VSOCKIFY"], os.environ["HELPERS"] + "/decide"
BASES = ["10.0.0.0", "127.0.0.0", "0.0.0.0", "240.0.0.0", "192.168.7.0", "::", "fd00::", "fd76:736f:636b::"]
PEERS = ["10.0.0.5", "fd00::5"]
chance = random.Random(6)


def address():
    start = ipaddress.ip_address(chance.choice(BASES))
    offset = sum(1 << chance.randrange(12) for _ in range(chance.randrange(3)))
    return chance.choice(PEERS) if chance.random() < 0.1 else str(start + offset)


def pattern():
    ip = ipaddress.ip_address(address())
    if chance.random() < 0.8:
        bits = chance.randint(ip.max_prefixlen - 14, ip.max_prefixlen)
        ip = ipaddress.ip_network((ip, bits), strict=False)
    where = "*" if chance.random() < 0.1 else f"[{ip}]" if ip.version == 6 else str(ip)
    first = chance.randint(1, 40)
    port = chance.choice(["*", str(first), f"{first}-{first + chance.randint(1, 20)}"])
    return f"{where}:{port}"


def rule(side):
    what = chance.choice(['action = "pass";', 'action = "deny";', "", "", ""])
    if not what:
        what = "" if side == "on" else chance.choice(["cid = 1;", "cid = 77;", 'peer = "db";'])
        what += chance.choice(["", f" port = {chance.randint(1, 70000)};"])
    return f'  {{ {side} = "{pattern()}"; {what} }},'


def configure(name):
    """Write a configuration; rules that could never be reached, or make no sense, are left out."""
    lines = ["version = 1;", 'peers = ( { name = "db"; cid = 9; addresses = [ "10.0.0.5", "fd00::5" ]; } );',
             f'default = {{ connect = "{chance.choice(["pass", "deny"])}"; listen = "{chance.choice(["pass", "deny"])}"; }};',
             f'options = {{ names = {chance.choice(["true", "false"])}; }};']
    lines += ["connect = ("] + [rule("to") for _ in range(15)] + [");"]
    lines += ["listen = ("] + [rule("on") for _ in range(15)] + [");"]
    while True:
        with open(name, "w") as file:
            file.write("\n".join(line.replace("},", "}") if after == ");" else line
                                 for line, after in zip(lines, lines[1:] + [""])) + "\n")
        said = subprocess.run([VSOCKIFY, "-c", name, "--check"], capture_output=True, text=True)
        if said.returncode == 0:
            return
        bad = {int(number) for number in re.findall(rf"^{name}:(\d+): (?!warning)", said.stderr, re.M)}
        assert bad, said.stderr
        lines = [line for number, line in enumerate(lines, 1) if number not in bad]


def brackets(ip):
    return f"[{ip}]" if ":" in ip else ip


def shim_says(name, calls):
    with open("log", "w") as log:
        subprocess.run([VSOCKIFY, "-c", name, "-v", DECIDE], check=True, text=True, stderr=log,
                       input="".join(f"{call} {ip} {port}\n" for call, ip, port in calls))
    with open("log") as log:
        found = re.findall(r": (?:connect|bind) (\S+) on descriptor \d+ -> (.*) \((.*)\)$", log.read(), re.M)
    assert len(found) == len(calls), f"{len(calls)} calls, {len(found)} decisions in the log"
    return found


def in_words(answer, decision):
    """What --explain says, in the words of the log."""
    outcome = {"pass": "TCP", "deny": "denied"}.get(decision["action"])
    if not outcome:
        outcome = f'vsock {decision.get("cid", "any")}:{decision["vsock_port"] or "(a free port)"}'
    causes = {"peer": "a peer's address", "cid": "the address of a CID", "default": "no rule matches"}
    cause = causes.get(decision["by"]) or f'{decision["source"]}:{decision["line"]}'
    return f'{brackets(answer["address"])}:{answer["port"]}', outcome, cause


def explain_says(name, calls):
    side = "connect" if calls[0][0] == "connect" else "listen"
    said = subprocess.run([VSOCKIFY, "-c", name, "--explain", "--json", side, "-"], check=True, text=True,
                          stdout=subprocess.PIPE,
                          input="".join(f"{brackets(ip)}:{port}\n" for _, ip, port in calls))
    for (call, _, _), line in zip(calls, said.stdout.splitlines(), strict=True):
        answer, = json.loads(line)["answers"]
        yield in_words(answer, answer.get("v6only", answer) if call == "v6only" else answer)


def compare(name, calls):
    different = 0
    outcomes = {}
    for call, shim, explained in zip(calls, shim_says(name, calls), explain_says(name, calls), strict=True):
        kind = call[0], shim[1].split()[0], shim[2].split(":")[0]
        outcomes[kind] = outcomes.get(kind, 0) + 1
        if shim != explained:
            different += 1
            print(f"{name}: {call}: the shim {shim}, --explain {explained}")
    assert not different, f"{different} of {len(calls)} differ"
    return outcomes


total = {}
for round_number in range(ROUNDS):
    conf = f"random{round_number}.conf"
    configure(conf)
    connects = [("connect", address(), chance.randint(0, 60)) for _ in range(ADDRESSES // 2)]
    binds = [("bind", address(), chance.randint(0, 60)) for _ in range(ADDRESSES // 2)]
    binds = [("v6only" if ":" in ip and chance.random() < 0.5 else call, ip, port) for call, ip, port in binds]
    for calls in connects, binds:
        for kind, count in compare(conf, calls).items():
            total[kind[0], kind[1], re.sub(r"\d", "", kind[2])] = total.get((kind[0], kind[1], re.sub(r"\d", "", kind[2])), 0) + count
for kind, count in sorted(total.items()):
    print(count, *kind)
assert sum(total.values()) == ROUNDS * ADDRESSES
for wanted in [("connect", "vsock", "random.conf"), ("connect", "denied", "random.conf"), ("connect", "TCP", "random.conf"),
               ("connect", "vsock", "a peer's address"), ("connect", "vsock", "the address of a CID"),
               ("bind", "vsock", "random.conf"), ("v6only", "vsock", "random.conf"), ("bind", "denied", "no rule matches")]:
    assert total.get(wanted, 0) > 10, f"hardly ever: {wanted}"
