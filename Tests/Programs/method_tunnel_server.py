#!/usr/bin/env python3
"""A server of the method tunnel, written from docs/method-tunnel.md alone, that can misbehave.

usage: method_tunnel_server.py [--port PORT] [--seed SEED --faults PERMILLE] ...

Prints the port that it listens on, then serves until it is ended. It dials whatever it is asked
for on this machine, and refuses port 9 with 403 http_request_denied.
"""

import argparse
import base64
import http.server
import os
import random
import socket
import struct
import threading
import time

from method_tunnel_session import BUSY, GONE, NO_SESSION, OK, REFUSED, VERSION, VIOLATION
from method_tunnel_session import Session, Stream, Violation

STATUS = [200, 404, 409, 409, 503, 410, 200, 429, 400, 400, 503]


class Cut(Exception):
    """The connection is to be cut here."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "method-tunnel-test"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (Cut, OSError):
            self.close_connection = True

    def plain(self, status, *fields):
        body = b"no\n"
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def serve(self):
        world = self.server.world
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if len(body) > world.arguments.body_max:
            return self.plain(413)
        if self.command in world.arguments.deny.split(","):
            return self.plain(405)
        if world.arguments.user:
            wanted = "Basic " + base64.b64encode(world.arguments.user.encode()).decode()
            if self.headers.get("Authorization") != wanted:
                return self.plain(401, ("WWW-Authenticate", "Basic realm=test"))
        path, _, query = self.path.partition("?")
        base = world.arguments.path
        if not path.startswith(base + "/") or len(query) != 16:
            return self.plain(404)
        with world.lock:
            world.methods.add(self.command)
        self.serial = int(query, 16)
        dice = world.dice(self.serial)
        self.left = 1 << 60
        if dice.randrange(1000) < world.arguments.faults:
            kind = dice.randrange(4)
            if kind == 0:
                raise Cut  # The request is lost.
            if kind == 1:
                self.left = dice.randrange(dice.choice([1, 200, 20000]))
            elif kind == 2:
                time.sleep(dice.random() / 4)
            elif "/send/" in path:
                body = body[: dice.randrange(len(body) + 1)]
                self.left = 0
        self.began = False
        self.operate(path[len(base) + 1 :].split("/"), body)

    do_GET = do_PUT = do_POST = do_DELETE = serve

    # Answers

    def write(self, data):
        data = bytes(data)
        self.wfile.write(data[: self.left])
        self.left -= len(data)
        if self.left <= 0:
            raise Cut

    def answer(self, result, value=0, rest=b"", status=0):
        preamble = struct.pack(">4sBBHQQ", b"CVMT", 1, result, status, self.serial, value)
        head = f"HTTP/1.1 {STATUS[result]} x\r\nContent-Length: {24 + len(rest)}\r\n"
        self.write(head.encode() + b"Cache-Control: no-store\r\n\r\n" + preamble + rest)

    def chunk(self, data):
        self.write(b"%x\r\n" % len(data) + data + b"\r\n")

    def operate(self, words, body):
        world = self.server.world
        if words[0] == "make":
            if words[1] != "1" or world.arguments.version != 1:
                return self.answer(VERSION, world.arguments.version)
            return self.answer(OK, 0, world.make(body))
        name = self.headers.get("Tunnel-Session") if words[0] == "-" else words[0]
        if words[0] == "-" and world.arguments.drop_field:
            name = None
        session = world.sessions.get(name)
        if not session or session.has_ended:
            return self.answer(NO_SESSION)
        session.heard = time.monotonic()
        operation, numbers = words[1], [int(word) for word in words[2:]]
        try:
            if operation == "open":
                return self.open(session, numbers[0], body)
            if operation in ("poll", "flow"):
                return self.poll(session, operation == "flow", *numbers)
            with session.lock:
                if operation == "send":
                    result, value = session.send(*numbers, body)
                    return self.answer(result, value)
                session.end()
            self.answer(OK)
        except Violation as violation:
            with session.lock:
                session.end()
            print(f"violation: {violation}", flush=True)
            self.answer(VIOLATION)

    def poll(self, session, streams, lane, offset, wait, size):
        arguments = self.server.world.arguments
        kept = bytearray()
        passes_on = streams and not arguments.buffers

        def give(result, value, piece):
            if result is not None and passes_on:
                self.write(b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n")
                piece = struct.pack(">4sBBHQQ", b"CVMT", 1, 0, 0, self.serial, value)
            if passes_on and piece:
                self.chunk(piece)
            elif piece:
                kept.extend(piece)

        limit = arguments.cut_after or 1 << 30
        with session.lock:
            until = min(wait, limit)
            result, value = session.poll(lane, offset, until, size, self.serial, give, streams)
        if result is not None:
            return self.answer(result, value)
        if wait > limit and not kept:
            raise Cut
        if passes_on:
            return self.write(b"0\r\n\r\n")
        self.answer(OK, offset, bytes(kept))

    def open(self, session, number, body):
        world = self.server.world
        with session.lock:
            last = session.streams.get(number & 4095)
            if last and number < last.number:
                return self.answer(GONE)
            if last and number == last.number:
                while last.state == "opening":
                    session.lock.wait()
                if last.refusal:
                    return self.refuse(*last.refusal)
                return self.answer(OK if last.state == "open" else GONE)
            if last and last.state in ("open", "opening"):
                return self.answer(BUSY)
            stream = session.streams[number & 4095] = Stream(session, number)
        host, _, port = body.decode().rpartition(":")
        try:
            if port == "9":
                raise PermissionError
            connection = socket.create_connection((host.strip("[]"), int(port)), 10)
            connection.settimeout(None)
        except PermissionError:
            stream.refusal = 403, b"http_request_denied"
        except socket.gaierror:
            stream.refusal = 502, b"dns_error"
        except OSError:
            stream.refusal = 502, b"connection_refused"
        with session.lock:
            if stream.refusal:
                stream.state = "refused"
            elif stream.state == "opening":
                stream.start(connection)
                world.opened += 1
            session.lock.notify_all()
        if stream.refusal:
            return self.refuse(*stream.refusal)
        self.answer(OK)

    def refuse(self, status, word):
        self.answer(REFUSED, 0, word, status)


class World:
    """All sessions, and what is common to them."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.lock = threading.Lock()
        self.sessions = {}
        self.nonces = {}
        self.methods = set()
        self.opened = 0

    def dice(self, serial):
        return random.Random(self.arguments.seed * 1000003 + serial % 1000003)

    def make(self, body):
        with self.lock:
            nonce = body[:16]
            if nonce not in self.nonces:
                name = os.urandom(16)
                told = dict(struct.iter_unpack(">II", body[16:]))
                self.sessions[name.hex()] = Session(self.arguments, told)
                self.nonces[nonce] = name
            name = self.nonces[nonce]
        told = {3: self.arguments.lanes, 7: self.arguments.body_max, 8: self.arguments.grace}
        told[5] = self.arguments.wait
        return name + b"".join(struct.pack(">II", *pair) for pair in told.items())


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--path", default="/tunnel")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=0, help="of a thousand requests")
    parser.add_argument("--lanes", type=int, default=4)
    parser.add_argument("--grace", type=int, default=120)
    parser.add_argument("--wait", type=int, default=20)
    parser.add_argument("--version", type=int, default=1)
    parser.add_argument("--body-max", type=int, default=1 << 20)
    parser.add_argument("--user", help="name and password, with a colon between")
    parser.add_argument("--deny", default="", help="methods that are answered with 405")
    parser.add_argument("--drop-field", action="store_true", help="lose Tunnel-Session")
    parser.add_argument("--buffers", action="store_true", help="send answers only when whole")
    parser.add_argument("--cut-after", type=int, help="seconds that an answer may take")
    arguments = parser.parse_args()
    server = Server(("127.0.0.1", arguments.port), Handler)
    server.world = World(arguments)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
