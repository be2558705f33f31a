"""hangup.py http PORT - answers a request as if the connection were kept, and closes it
hangup.py tls PORT PEM - says "answer" to the first line, and closes"""
import socket
import ssl
import sys

kind, port = sys.argv[1], int(sys.argv[2])
listener = socket.create_server(("127.0.0.1", port))
print("listening", flush=True)
while True:
    connection, _ = listener.accept()
    if kind == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3])
        context.num_tickets = 0
        connection = context.wrap_socket(connection, server_side=True)
        connection.recv(100)
        connection.sendall(b"answer\n")
    else:
        connection.recv(10000)
        connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok")
    connection.close()
