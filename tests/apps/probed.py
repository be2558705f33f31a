"""probed.py PORT - a server that ends its side of each connection at once, and then reads what there is"""
import asyncio
import sys


async def serve(reader, writer):
    writer.write_eof()
    print("read", len(await reader.read()), flush=True)
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "0.0.0.0", int(sys.argv[1]))
    print("listening", flush=True)
    await server.serve_forever()


asyncio.run(main())
