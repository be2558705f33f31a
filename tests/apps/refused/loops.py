"""loops.py timeout|selectors|asyncio PORT: Python's ways to accept, beside the plain one."""
import asyncio
import selectors
import socket
import sys

how, port = sys.argv[1], int(sys.argv[2])


def serve(connection):
    with connection:
        connection.sendall(connection.recv(64))


async def answer(reader, writer):
    writer.write(await reader.read(64))
    writer.close()


async def serve_asyncio():
    server = await asyncio.start_server(answer, "0.0.0.0", port)
    await server.serve_forever()


if how == "asyncio":
    asyncio.run(serve_asyncio())
listener = socket.create_server(("0.0.0.0", port))
if how == "timeout":
    listener.settimeout(1)
while how == "timeout":
    try:
        serve(listener.accept()[0])
    except TimeoutError:
        pass
selector = selectors.DefaultSelector()
selector.register(listener, selectors.EVENT_READ)
while True:
    for _ in selector.select():
        serve(listener.accept()[0])
