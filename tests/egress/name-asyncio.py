"""name-asyncio.py HOST - the page of a web server, by asyncio, as often as browsers ask at once."""
import asyncio
import sys


async def page():
    reader, writer = await asyncio.open_connection(sys.argv[1], 80, happy_eyeballs_delay=0.1)
    writer.write(b"GET /page HTTP/1.0\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer.split(b"\r\n\r\n")[1]


async def pages():
    return await asyncio.gather(*[page() for _ in range(6)])


got = set(asyncio.run(pages()))
assert got == {b"the page\n"}, got
print("the page")
