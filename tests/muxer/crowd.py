#!/usr/bin/python3
"""crowd.py HOST PORT COUNT - COUNT connections begun at once by an event loop, which each say a word; prints how many came
back with what, how many ms it took, and the longest time that the loop stood still. Of several ports (81,82) each connection
has its own in turn, and is said with it."""
import asyncio
import errno
import sys
import time
from collections import Counter

HOST, PORTS, COUNT = sys.argv[1], [int(port) for port in sys.argv[2].split(",")], int(sys.argv[3])


async def attempt(number):
    word, port = b"%08d" % number, PORTS[number % len(PORTS)]
    where = f"{port} " if len(PORTS) > 1 else ""
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
        assert writer.get_extra_info("peername") == (HOST, port)
        writer.write(word)
        assert await reader.readexactly(len(word)) == word
        writer.close()
        await writer.wait_closed()
        return where + "carried"
    except OSError as why:
        return where + errno.errorcode[why.errno]


async def main():
    begun = last = time.monotonic()
    longest = 0
    attempts = [asyncio.ensure_future(attempt(number)) for number in range(COUNT)]
    while not all(one.done() for one in attempts):
        await asyncio.sleep(0.001)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    said = " ".join(f"{text} {count}" for text, count in sorted(Counter(one.result() for one in attempts).items()))
    print(f"{said}: {1000 * (last - begun):.0f} ms, {1000 * longest:.0f} ms")


asyncio.run(main())
