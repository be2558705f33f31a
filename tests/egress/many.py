#!/usr/bin/python3
"""many.py COUNT - COUNT connections to as many names, half of them in connect(), half in a loop, a hundred at a time; then
neither this process nor one of its broker's has a descriptor more than before."""
import asyncio
import os
import socket
import subprocess
import sys
import time

COUNT = int(sys.argv[1])


def broker():
    pids = subprocess.run(["pgrep", "-f", f"^vsockify-broker: (keeper|worker) for {os.getpid()} "], capture_output=True, text=True,
                          check=True).stdout.split()
    assert len(pids) == 2, pids
    return pids


def descriptors():
    return [len(os.listdir(f"/proc/{pid}/fd")) for pid in ("self", *broker())]


def waiting(number):
    word = b"%08d" % number
    with socket.create_connection((f"n{number}.http.test", 80)) as connection:
        connection.sendall(word)
        assert connection.recv(8, socket.MSG_WAITALL) == word


async def in_loop(number):
    word = b"%08d" % number
    reader, writer = await asyncio.open_connection(f"n{number}.socks5.test", 80)
    writer.write(word)
    assert await reader.readexactly(8) == word
    writer.close()
    await writer.wait_closed()


async def loop(numbers):
    for i in range(0, len(numbers), 100):
        await asyncio.gather(*[in_loop(number) for number in numbers[i:i + 100]])


def once(numbers):
    for number in numbers[::2]:
        waiting(number)
    asyncio.run(loop(numbers[1::2]))


once(range(COUNT, COUNT + 100))  # what is opened but once: threads, the memory in common
before = descriptors()
once(range(COUNT))
end = time.monotonic() + 20
while (after := descriptors()) != before:
    assert time.monotonic() < end, (before, after)
    time.sleep(0.1)
addresses = {socket.gethostbyname(f"n{number}.{('http', 'socks5')[number % 2]}.test") for number in range(COUNT)}
assert len(addresses) == COUNT
print(f"{COUNT} connections to {len(addresses)} names; descriptors: {before}, then {after}")
