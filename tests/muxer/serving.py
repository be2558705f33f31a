#!/usr/bin/python3
"""serving.py HOST ANSWERS SILENT ROUNDS - an echo server that calls a guest now and then: how long does its loop stand still?

In each round it begins ten connections to a port that answers, and then ten to one that does not, for a quarter of a
second each; somebody else's client talks to its server all the time. It prints the port of that server; and at the end
the least of the rounds' longest stalls in ms, with answers and without.
"""
import asyncio
import sys
import time

HOST, ANSWERS, SILENT, ROUNDS = sys.argv[1], *map(int, sys.argv[2:5])
served = 0


async def serve(reader, writer):
    global served
    while data := await reader.read(4096):
        writer.write(data)
        served += 1


async def call(port):
    try:
        _, writer = await asyncio.open_connection(HOST, port)
        writer.close()
    except OSError as why:
        sys.exit(f"no connection to port {port}: {why}")


async def stall(port):
    before = served
    calls = [asyncio.ensure_future(call(port)) for _ in range(10)]
    begun = last = time.monotonic()
    longest = 0
    while last - begun < 0.25:
        await asyncio.sleep(0.001)
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    if sum(one.done() for one in calls) != (10 if port == ANSWERS else 0):
        return None  # a busy machine; or an answer from where none comes, and then this is so in each round
    for one in calls:
        one.cancel()
    assert served > before, "nobody else was served"
    return longest


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while not served:
        await asyncio.sleep(0.01)
    stalls = [[await stall(port) for port in (ANSWERS, SILENT)] for _ in range(ROUNDS)]
    print(*(f"{1000 * min(filter(None, one)):.2f}" for one in zip(*stalls)))


asyncio.run(main())
