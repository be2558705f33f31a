"""echo_asyncio.py server PORT | client HOST PORT FILE: asyncio streams.

The server sends back what it is sent. The client sends a file while it reads the answer, over 20 connections at once a
little each, and says whom it talked to.
"""
import asyncio
import sys


async def echo(reader, writer):
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()


async def serve(port):
    server = await asyncio.start_server(echo, None, port)
    print("listening on", sorted(s.getsockname()[:2] for s in server.sockets), flush=True)
    await server.serve_forever()


async def exchange(host, port, data):
    reader, writer = await asyncio.open_connection(host, port)

    async def send():
        for at in range(0, len(data), 1 << 16):
            writer.write(data[at:at + (1 << 16)])
            await writer.drain()
        writer.write_eof()

    _, back = await asyncio.gather(send(), reader.read())
    peer = writer.get_extra_info("peername")[:2]
    writer.close()
    await writer.wait_closed()
    assert back == data, "what came back differs"
    return peer


async def visit(host, port, name):
    with open(name, "rb") as file:
        data = file.read()
    print("connected to", await exchange(host, port, data))
    await asyncio.gather(*(exchange(host, port, data[i * 1000:i * 1000 + 5000]) for i in range(20)))
    print("20 answers")


if sys.argv[1] == "server":
    asyncio.run(serve(int(sys.argv[2])))
else:
    asyncio.run(visit(sys.argv[2], int(sys.argv[3]), sys.argv[4]))
