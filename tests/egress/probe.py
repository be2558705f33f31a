#!/usr/bin/python3
"""probe.py URL COUNT PROBE - COUNT requests for URL at once, while PROBE of the same server is asked for all the time

Prints what came of the requests, how many ms all of them took, and the longest that PROBE took: so long did the server's
loop stand still.
"""
import asyncio
import sys
import time
from collections import Counter
from urllib.parse import urlsplit

URL, COUNT, PROBE = urlsplit(sys.argv[1]), int(sys.argv[2]), urlsplit(sys.argv[3])


async def request(reader, writer, url):
    writer.write(b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (url.path.encode(), url.netloc.encode()))
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length or 0))
    return head.split()[1].decode()


async def once():
    reader, writer = await asyncio.open_connection(URL.hostname, URL.port)
    try:
        return await request(reader, writer, URL)
    finally:
        writer.close()


async def main():
    probe = await asyncio.open_connection(PROBE.hostname, PROBE.port)
    await request(*probe, PROBE)
    begun = time.monotonic()
    requests = [asyncio.ensure_future(once()) for _ in range(COUNT)]
    longest = 0
    while not all(one.done() for one in requests):
        last = time.monotonic()
        await request(*probe, PROBE)
        longest = max(longest, time.monotonic() - last)
        await asyncio.sleep(0.001)
    took = time.monotonic() - begun
    said = " ".join(f"{text} {count}" for text, count in sorted(Counter(one.result() for one in requests).items()))
    print(f"{said}: {1000 * took:.0f} ms, {1000 * longest:.0f} ms")


asyncio.run(main())
