"""An HTTPS origin: serves a folder, and answers an upload with its SHA-256.

usage: origin.py FOLDER CERTIFICATE KEY ADDRESS:PORT...

Port 0 takes a free one; each endpoint is printed when it is listened on, and then "ready".
"""

import hashlib
import http.server
import socket
import ssl
import sys
import threading


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle(self):
        super().handle()
        if not self.raw_requestline:
            return  # The client has ended.
        # A client of TLS may take an end that is not announced for an attack.
        try:
            self.connection.settimeout(1)
            self.connection.unwrap()
        except (OSError, ValueError):
            pass

    def do_PUT(self):
        digest = hashlib.sha256()
        rest = int(self.headers["Content-Length"])
        while rest > 0:
            data = self.rfile.read(min(rest, 1 << 16))
            if not data:
                raise ConnectionError("the upload ended early")
            digest.update(data)
            rest -= len(data)
        answer = digest.hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def get_request(self):
        # The handshake waits for the first read, which is on the connection's own thread.
        connection, address = self.socket.accept()
        secured = context.wrap_socket(
            connection, server_side=True, do_handshake_on_connect=False
        )
        return secured, address

    def handle_error(self, *_):
        # Who breaks a connection off has its own way to tell.
        pass


class Server6(Server):
    address_family = socket.AF_INET6

    def server_bind(self):
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()


folder, certificate, key, *endpoints = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
context.set_alpn_protocols(["http/1.1"])
for endpoint in endpoints:
    host, _, port = endpoint.rpartition(":")
    kind = Server6 if host.startswith("[") else Server
    server = kind(
        (host.strip("[]"), int(port)),
        lambda *arguments: Handler(*arguments, directory=folder),
    )
    threading.Thread(target=server.serve_forever).start()
    print(f"listening on {host}:{server.server_address[1]}", flush=True)
print("ready", flush=True)
