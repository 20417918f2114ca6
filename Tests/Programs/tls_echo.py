"""Echoes what comes by TLS, on a free port of 127.0.0.1, which is printed.

usage: tls_echo.py CERTIFICATE KEY
"""

import socket
import ssl
import sys
import threading

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])


def serve(client):
    with context.wrap_socket(client, server_side=True, suppress_ragged_eofs=False) as stream:
        while data := stream.recv(65536):
            stream.sendall(data)
        stream.unwrap()


with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
    print(listener.getsockname()[1], flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
