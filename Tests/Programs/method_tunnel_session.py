"""The sessions of a server of the method tunnel: lanes, streams and windows, without HTTP."""

import socket
import struct
import threading
import time

DATA, END, RESET, WINDOW, DONE, KEPT, PAD, DRAIN = range(1, 9)
OK, NO_SESSION, GAP, STALE, BUSY, GONE, REFUSED, LIMIT, VERSION, VIOLATION, DRAINING = range(11)
HEADER = struct.Struct(">BBHIQ")


class Violation(Exception):
    """The client broke the format."""


class Stream:
    """The server's end of one stream: a connection, and what waits in both directions."""

    def __init__(self, session, number):
        self.session, self.number = session, number
        self.socket = None
        self.state = "opening"
        self.refusal = None
        self.out = bytearray()  # from the connection, on no lane yet
        self.out_ended = self.out_done = False
        self.sent, self.limit = 0, session.client_window
        self.lane, self.lane_ends = 0, {}
        self.early = {}  # from the client, by offset
        self.taken = self.passed = 0
        self.granted = session.window
        self.final = None
        self.in_done = False

    def start(self, connection):
        self.socket = connection
        self.state = "open"
        for body in (self.read, self.write):
            threading.Thread(target=body, daemon=True).start()

    def read(self):
        lock = self.session.lock
        while True:
            try:
                piece = self.socket.recv(65536)
            except OSError:
                with lock:
                    self.reset(1)
                return
            with lock:
                self.out += piece
                self.out_ended = not piece
                lock.notify_all()
                while len(self.out) > 1 << 18 and self.state == "open":
                    lock.wait()
                if not piece or self.state != "open":
                    return

    def write(self):
        lock = self.session.lock
        while True:
            with lock:
                while self.state == "open" and self.passed == self.taken != self.final:
                    lock.wait()
                if self.state != "open":
                    return
                if self.passed == self.final:
                    self.in_done = True
                    self.shut()
                    self.settle()
                    return
                piece = self.early.pop(self.passed)
            try:
                self.socket.sendall(piece)
            except OSError:
                with lock:
                    self.reset(1)
                return
            with lock:
                self.passed += len(piece)
                self.session.passed += len(piece)
                if self.granted - self.passed < self.session.window * 3 // 4:
                    self.granted = self.passed + self.session.window
                    self.session.tell(WINDOW, self.number, self.granted)
                self.session.tell_window()

    def shut(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def settle(self):
        if self.in_done and self.out_done and self.state == "open":
            self.state = "ended"
            self.socket.close()
            self.session.tell(DONE, self.number)

    def reset(self, code, tells=True):
        """Ends both directions; the lock is held."""
        if self.state not in ("open", "opening"):
            return
        self.state = "ended"
        waiting = sum(map(len, self.early.values()))
        self.session.passed += waiting
        self.early = {}
        if self.socket:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                self.socket.shutdown(socket.SHUT_RD)
            except OSError:
                pass
            self.socket.close()
        if tells:
            self.session.tell(RESET, self.number, 0, code=code)
        self.session.tell(DONE, self.number)


class Session:
    def __init__(self, arguments, told):
        self.arguments = arguments
        self.lock = threading.Condition()
        self.lanes = min(told.get(3, 4), arguments.lanes)
        self.client_window = told.get(1, 65536)
        self.window, self.whole = 65536, 1 << 20
        self.kept_max = 262144
        self.up = [[0, b""] for _ in range(self.lanes)]
        self.down = [bytearray() for _ in range(self.lanes)]
        self.base = [0] * self.lanes
        self.newest = [-1] * self.lanes
        self.control = []
        self.turn = []
        self.streams = {}
        self.sent, self.sent_limit = 0, told.get(2, 1 << 20)
        self.received = self.passed = 0
        self.granted = self.whole
        self.has_ended = False
        self.heard = time.monotonic()

    def tell(self, kind, stream, position=0, code=0):
        self.control.append(HEADER.pack(kind, code, 0, stream, position))
        self.lock.notify_all()

    def tell_window(self):
        if self.granted - self.passed < self.whole * 3 // 4:
            self.granted = self.passed + self.whole
            self.tell(WINDOW, 0, self.granted)

    def end(self):
        self.has_ended = True
        for stream in self.streams.values():
            stream.reset(4, tells=False)
        self.lock.notify_all()

    # Up

    def send(self, lane, offset, body):
        if lane >= self.lanes:
            raise Violation("lane")
        taken, rest = self.up[lane]
        if offset > taken:
            return GAP, taken
        body = body[taken - offset :]
        self.up[lane][0] = taken + len(body)
        rest += body
        while len(rest) >= HEADER.size:
            kind, code, count, stream, position = HEADER.unpack(rest[: HEADER.size])
            if len(rest) < HEADER.size + count:
                break
            payload = rest[HEADER.size : HEADER.size + count]
            self.apply(kind, code, stream, position, payload)
            rest = rest[HEADER.size + count :]
        self.up[lane][1] = rest
        self.lock.notify_all()
        return OK, self.up[lane][0]

    def apply(self, kind, code, number, position, payload):
        stream = self.streams.get(number & 4095)
        if kind == KEPT:
            self.acknowledge(code, position)
        elif kind == WINDOW and number == 0:
            self.sent_limit = max(self.sent_limit, position)
        elif kind in (DATA, END, WINDOW):
            self.received += len(payload)
            if self.received > self.granted:
                raise Violation("window of the session")
            if not stream or number > stream.number or stream.state == "opening":
                raise Violation(f"stream {number}")
            if number < stream.number or stream.state != "open":
                self.passed += len(payload)
                self.tell_window()
            elif kind == WINDOW:
                stream.limit = max(stream.limit, position)
            elif kind == END:
                stream.final = position
            else:
                self.take(stream, position, payload)
        elif kind == RESET:
            if not stream or number > stream.number:
                stream = self.streams[number & 4095] = Stream(self, number)
            if number == stream.number:
                if stream.state in ("opening", "open"):
                    stream.reset(code, tells=False)
                else:
                    self.tell(DONE, number)
        elif kind != PAD:
            raise Violation(f"frame {kind}")

    def take(self, stream, position, payload):
        if position + len(payload) > stream.granted:
            raise Violation("window of a stream")
        stream.early[position] = payload
        while stream.taken in stream.early:
            stream.taken += len(stream.early[stream.taken])
        # Two stretches that touch are delivered one after the other, by their offsets.

    # Down

    def acknowledge(self, lane, offset):
        if offset > self.base[lane] + len(self.down[lane]):
            raise Violation("bytes of a lane that were never sent")
        if offset > self.base[lane]:
            del self.down[lane][: offset - self.base[lane]]
            self.base[lane] = offset

    def fill(self, lane):
        kept = self.down[lane]
        while len(kept) + HEADER.size <= self.kept_max and self.control:
            kept += self.control.pop(0)
        for slot in list(self.streams):
            if slot not in self.turn:
                self.turn.append(slot)
        count = -1
        while len(kept) > count:
            count = len(kept)
            for slot in list(self.turn):
                self.turn.append(self.turn.pop(0))
                self.fill_from(lane, kept, self.streams[slot])

    def fill_from(self, lane, kept, stream):
        if stream.state != "open" or stream.out_done:
            return
        if stream.lane != lane and stream.lane_ends.get(lane, 0) > self.base[lane]:
            return
        room = self.kept_max - len(kept) - HEADER.size
        count = min(room, len(stream.out), stream.limit - stream.sent, 16384)
        count = min(count, self.sent_limit - self.sent)
        if count > 0:
            kept += HEADER.pack(DATA, 0, count, stream.number, stream.sent) + stream.out[:count]
            del stream.out[:count]
            stream.sent += count
            self.sent += count
            stream.lane = lane
            stream.lane_ends[lane] = self.base[lane] + len(kept)
            self.lock.notify_all()
        elif stream.out_ended and not stream.out and room >= 0:
            kept += HEADER.pack(END, 0, 0, stream.number, stream.sent)
            stream.out_done = True
            stream.settle()

    def poll(self, lane, offset, wait, size, serial, give, streams):
        """Gives bytes of a lane as they come; whether all went well."""
        if lane >= self.lanes:
            raise Violation("lane")
        if offset < self.base[lane]:
            return STALE, self.base[lane]
        self.acknowledge(lane, offset)
        is_new = serial > self.newest[lane]
        self.newest[lane] = max(serial, self.newest[lane])
        self.lock.notify_all()
        deadline = time.monotonic() + wait
        position, left = offset, size
        give(OK, offset, b"")
        while True:
            if is_new and self.newest[lane] == serial:
                self.fill(lane)
            start = position - self.base[lane]
            piece = bytes(self.down[lane][max(start, 0) : max(start, 0) + left])
            if piece:
                position += len(piece)
                left -= len(piece)
                give(None, 0, piece)
            is_over = not is_new or self.newest[lane] != serial or self.has_ended or left == 0
            pause = deadline - time.monotonic()
            if is_over or pause <= 0 or piece and not streams:
                return None, 0
            if not piece:
                self.lock.wait(pause)
