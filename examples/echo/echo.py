# An echo server on TCP port 7001, as anybody would write it.
import socketserver


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)


socketserver.ThreadingTCPServer(("", 7001), Echo).serve_forever()
