"""again.py PORT - http.client, whose kept connection the server closes: what happens to the next request?"""
import http.client
import select
import sys

connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
for _ in range(2):
    try:
        connection.request("GET", "/")
        print(connection.getresponse().read())
        poll = select.poll()
        poll.register(connection.sock, select.POLLRDHUP)
        poll.poll()
    except Exception as error:
        print(type(error).__name__, error)
