#!/usr/bin/env python3
"""A client of the method tunnel, written from docs/method-tunnel.md alone.

usage: method_tunnel.py URL HOST:PORT [--poll] [--override] [--user NAME:PASSWORD]

Carries standard input to HOST:PORT, and what comes from there to standard output, as nc does.
URL is the server's path, such as http://127.0.0.1:3128/tunnel.
"""

import argparse
import base64
import http.client
import os
import random
import struct
import sys
import threading
import time
import urllib.parse

DATA, END, RESET, WINDOW, DONE, KEPT, PAD, DRAIN = range(1, 9)
OK, NO_SESSION, GAP, STALE, BUSY, GONE, REFUSED, LIMIT, VERSION, VIOLATION, DRAINING = range(11)
HEADER = struct.Struct(">BBHIQ")
PREAMBLE = struct.Struct(">4sBBHQQ")
STREAM = 1 << 12
WINDOW_BYTES = 65536


class Failed(Exception):
    """The request has failed, and is to be made again."""


class Ended(Exception):
    """The session or the stream has ended."""


class Tunnel:
    """A session with one stream, two lanes down and one of those up that are agreed on."""

    def __init__(self, arguments):
        self.url = urllib.parse.urlsplit(arguments.url)
        self.arguments = arguments
        self.lock = threading.Condition()
        self.serial = random.getrandbits(61)
        self.session = None
        self.up = bytearray()  # what is kept of up lane 0
        self.up_offset = 0  # where that begins
        self.sent = 0  # bytes of the stream put on the lane
        self.limits = {}
        self.down = {}  # of each down lane: how far it is here, and a frame that is cut
        self.kept = {}  # how far the server knows that each is here
        self.early = {}  # bytes of the stream that came before others
        self.received = 0
        self.granted = WINDOW_BYTES
        self.final = None
        self.error = None
        self.is_done = False  # DONE has come
        self.is_closed = False  # nothing more is wanted

    # Requests

    def request(self, method, target, body=b"", wait=0, on_bytes=None):
        """Makes one request; returns the preamble's result, status and value, and the rest."""
        with self.lock:
            self.serial += 1
            serial = self.serial
        fields = {
            "Cache-Control": "no-store, no-transform",
            "Pragma": "no-cache",
            "Accept-Encoding": "identity",
        }
        if body:
            fields["Content-Type"] = "application/octet-stream"
        if self.session:
            fields["Tunnel-Session"] = self.session.hex()
        if self.arguments.user:
            credentials = base64.b64encode(self.arguments.user.encode()).decode()
            fields["Authorization"] = "Basic " + credentials
        if self.arguments.override and method != "POST":
            method = "POST"
        if method in ("POST", "PUT"):
            fields["Content-Length"] = str(len(body))
        timeout = wait + 15 if wait else 30
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=timeout)
        try:
            path = f"{self.url.path}/{target}?{serial:016x}"
            connection.request(method, path, body or None, fields)
            return self.answer(connection.getresponse(), serial, on_bytes)
        except (OSError, http.client.HTTPException) as error:
            raise Failed(str(error)) from error
        finally:
            connection.close()

    def answer(self, response, serial, on_bytes):
        if response.status == 401:
            raise Ended("other credentials are wanted")
        head = b""
        while len(head) < PREAMBLE.size:
            piece = response.read(PREAMBLE.size - len(head))
            if not piece:
                raise Failed(f"status {response.status} without a preamble")
            head += piece
        magic, version, result, status, echo, value = PREAMBLE.unpack(head)
        if magic != b"CVMT" or version != 1 or echo != serial:
            raise Failed("an answer to something else")
        if result in (NO_SESSION, VIOLATION, STALE):
            raise Ended(f"result {result}")
        if not on_bytes:
            return result, status, value, response.read()
        while True:
            piece = response.read1(65536)
            if not piece:
                return result, status, value, b""
            on_bytes(value, piece)
            value += len(piece)

    def insist(self, *arguments, **options):
        """Makes a request until it has been answered."""
        pause = 0.1
        started = time.monotonic()
        while True:
            try:
                result = self.request(*arguments, **options)
                if result[0] not in (BUSY, DRAINING):
                    return result
            except Failed:
                pass
            if time.monotonic() - started > 120:
                raise Ended("nothing was heard for the grace time")
            time.sleep(pause * random.uniform(0.5, 1))
            pause = min(pause * 2, 5)

    # The life of the stream

    def run(self):
        nonce = os.urandom(16)
        wishes = {1: WINDOW_BYTES, 2: 1 << 20, 3: 2}
        wish = b"".join(struct.pack(">II", *pair) for pair in wishes.items())
        result, _, _, rest = self.insist("POST", "make/1", nonce + wish)
        if result != OK:
            raise Ended(f"no session: result {result}")
        self.session = rest[:16]
        told = dict(struct.iter_unpack(">II", rest[16:]))
        self.limits = {0: told.get(2, 1 << 20), STREAM: told.get(1, 65536)}
        self.size = min(told.get(6, 1 << 24), 1 << 20)
        self.wait = min(told.get(5, 55), 20)
        self.body_max = told.get(7, 1 << 20)
        authority = self.arguments.authority.encode()
        result, status, _, rest = self.insist("POST", f"-/open/{STREAM}", authority)
        if result != OK:
            raise Ended(f"refused: {status} {rest.decode()}")
        lanes = range(told.get(3, 2))
        for work in [(self.poll, lane) for lane in lanes] + [(self.read_input,), (self.upload,)]:
            threading.Thread(target=self.guard, args=work, daemon=True).start()
        with self.lock:
            while not (self.error or self.is_done and self.received == self.final):
                self.lock.wait()
            self.is_closed = True
            self.lock.notify_all()
        try:
            self.insist("DELETE", "-/quit")
        except Ended:
            pass  # No session: it has been quit.
        if self.error:
            raise Ended(self.error)

    def guard(self, body, *arguments):
        try:
            body(*arguments)
        except Ended as error:
            with self.lock:
                if not self.is_closed:
                    self.error = self.error or str(error)
                self.lock.notify_all()

    @property
    def is_over(self):
        return self.error or self.is_closed

    def put(self, kind, stream, position, payload=b"", code=0):
        """Puts a frame on up lane 0; the lock is held."""
        self.up += HEADER.pack(kind, code, len(payload), stream, position) + payload
        self.lock.notify_all()

    def read_input(self):
        while True:
            piece = os.read(0, 16384)
            with self.lock:
                if not piece:
                    self.put(END, STREAM, self.sent)
                    return
                while piece and not self.is_over:
                    room = min(self.limits[0], self.limits[STREAM]) - self.sent
                    if room <= 0 or len(self.up) > 1 << 18:
                        self.lock.wait()
                        continue
                    now, piece = piece[:room], piece[room:]
                    self.put(DATA, STREAM, self.sent, now)
                    self.sent += len(now)

    def upload(self):
        while True:
            with self.lock:
                while not self.up and not self.is_over:
                    self.lock.wait()
                if self.is_over:
                    return
                offset, body = self.up_offset, bytes(self.up[: self.body_max])
            target = f"-/send/0/{offset}"
            try:
                result, _, value, _ = self.request("PUT", target, body)
            except Failed:
                time.sleep(random.uniform(0.05, 0.1))
                continue
            if result == GAP and value < offset:
                raise Ended("the server has lost its memory")
            with self.lock:
                del self.up[: value - self.up_offset]
                self.up_offset = max(self.up_offset, value)
                self.lock.notify_all()

    def poll(self, lane):
        self.down[lane] = [0, b""]
        self.kept[lane] = 0
        while not self.is_over:
            offset = self.down[lane][0]
            word = "poll" if self.arguments.poll else "flow"
            target = f"-/{word}/{lane}/{offset}/{self.wait}/{self.size}"
            take = lambda start, piece: self.take(lane, start, piece)
            try:
                self.request("GET", target, wait=self.wait, on_bytes=take)
            except Failed:
                time.sleep(random.uniform(0.05, 0.1))

    def take(self, lane, start, piece):
        """Takes bytes of a down lane; they follow those before, since one request is under way."""
        with self.lock:
            offset, rest = self.down[lane]
            if start != offset:
                raise Ended(f"bytes from {start} on instead of {offset}")
            rest += piece
            while len(rest) >= HEADER.size:
                kind, code, count, stream, position = HEADER.unpack(rest[: HEADER.size])
                if len(rest) < HEADER.size + count:
                    break
                self.apply(kind, code, stream, position, rest[HEADER.size : HEADER.size + count])
                rest = rest[HEADER.size + count :]
            self.down[lane] = [offset + len(piece), rest]
            if not self.arguments.poll and offset + len(piece) - self.kept[lane] >= 8192:
                self.kept[lane] = offset + len(piece)
                self.put(KEPT, 0, self.kept[lane], code=lane)
            self.lock.notify_all()

    def apply(self, kind, code, stream, position, payload):
        if kind == DATA:
            self.early[position] = payload
            while self.received in self.early:
                piece = self.early.pop(self.received)
                sys.stdout.buffer.write(piece)
                self.received += len(piece)
            sys.stdout.buffer.flush()
            if self.granted - self.received < WINDOW_BYTES * 3 // 4:
                self.granted = self.received + WINDOW_BYTES
                self.put(WINDOW, STREAM, self.granted)
                self.put(WINDOW, 0, self.received + (1 << 20))
        elif kind == END:
            self.final = position
        elif kind == WINDOW:
            self.limits[stream] = max(self.limits.get(stream, 0), position)
        elif kind == RESET:
            raise Ended(f"reset: {code}")
        elif kind == DONE:
            self.is_done = True
        elif kind not in (PAD, DRAIN):
            raise Ended(f"a frame of type {kind}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("authority")
    parser.add_argument("--poll", action="store_true", help="long polls, not flows")
    parser.add_argument("--override", action="store_true", help="POST for everything")
    parser.add_argument("--user", help="name and password, with a colon between")
    try:
        Tunnel(parser.parse_args()).run()
    except Ended as ended:
        sys.exit(f"method_tunnel.py: {ended}")


if __name__ == "__main__":
    main()
