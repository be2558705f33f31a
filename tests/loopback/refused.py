# A plain loop of blocking accepts.
import socket
import sys

listener = socket.create_server(("0.0.0.0", int(sys.argv[1])))
while True:
    connection, address = listener.accept()
    with connection:
        connection.sendall(connection.recv(64))
