"""loop.py asyncio|selectors serve PORT | call ADDRESS PORT COUNT

An echo server, and a client of it with many connections at once, on Python's asyncio and on its selectors.
"""
import asyncio
import selectors
import socket
import sys


def payload(number):
    return bytes((number * 131 + at * 7 + at // 251) & 255 for at in range(1000 + number * 61))


def report(sizes):
    print(f"{len(sizes)} connections, {sum(sizes)} bytes the same")


# ---- asyncio ----

async def echo(reader, writer):
    while data := await reader.read(8192):
        writer.write(data)
        await writer.drain()
    writer.close()


async def serve_asyncio(port):
    server = await asyncio.start_server(echo, "0.0.0.0", port, backlog=512)
    await server.serve_forever()


async def exchange(host, port, number):
    data = payload(number)
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(data)
    writer.write_eof()
    back = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert back == data, "what came back differs"
    return len(back)


async def call_asyncio(host, port, count):
    report(await asyncio.gather(*(exchange(host, port, i) for i in range(count))))


# ---- selectors ----

def serve_selectors(port):
    selector = selectors.DefaultSelector()
    listener = socket.create_server(("0.0.0.0", port), backlog=512)
    listener.setblocking(False)
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                connection, _ = listener.accept()
                connection.setblocking(False)
                selector.register(connection, selectors.EVENT_READ, bytearray())
            else:
                echo_some(selector, key)


def echo_some(selector, key):
    connection, pending = key.fileobj, key.data
    if key.events & selectors.EVENT_READ:
        data = connection.recv(8192)
        if not data:
            selector.unregister(connection)
            connection.close()
            return
        pending += data
    try:
        del pending[:connection.send(pending)]
    except BlockingIOError:
        pass
    selector.modify(connection, selectors.EVENT_WRITE if pending else selectors.EVENT_READ, pending)


def call_selectors(host, port, count):
    selector, sizes = selectors.DefaultSelector(), []
    for number in range(count):
        connection = socket.socket()
        connection.setblocking(False)
        data = payload(number)
        state = {"data": data, "left": memoryview(data), "back": bytearray()}
        selector.register(connection, selectors.EVENT_READ | selectors.EVENT_WRITE, state)
        connection.connect_ex((host, port))
    while len(sizes) < count:
        for key, events in selector.select():
            exchange_some(selector, key.fileobj, key.data, events, sizes)
    report(sizes)


def exchange_some(selector, connection, state, events, sizes):
    if events & selectors.EVENT_WRITE and state["left"]:
        error = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        assert error == 0, error
        state["left"] = state["left"][connection.send(state["left"]):]
        if not state["left"]:
            connection.shutdown(socket.SHUT_WR)
            selector.modify(connection, selectors.EVENT_READ, state)
    if events & selectors.EVENT_READ:
        back = connection.recv(8192)
        state["back"] += back
        if not back:
            assert state["back"] == state["data"], "what came back differs"
            sizes.append(len(state["back"]))
            selector.unregister(connection)
            connection.close()


library, role, *where = sys.argv[1:]
if role == "serve" and library == "asyncio":
    asyncio.run(serve_asyncio(int(where[0])))
elif role == "serve":
    serve_selectors(int(where[0]))
elif library == "asyncio":
    asyncio.run(call_asyncio(where[0], int(where[1]), int(where[2])))
else:
    call_selectors(where[0], int(where[1]), int(where[2]))
