#!/usr/bin/env python3
"""How long proxies take from exec to the first tunnel served, and their memory by then.

Each starts in turn. A client asks it for a tunnel as soon as somebody listens there, and has served
counted once a message is back from the origin.
"""

import argparse
import contextlib
import os
import socket
import statistics
import threading
import time
from dataclasses import replace

import results
from compare import order_of, picked, raise_file_limit, run_to_end, say
from peers import CULVERT, PEERS, Running, Unusable, free_port, resident, session

PATIENCE = 10
#: As many workers as it has by default.
DEFAULT = replace(CULVERT, command=CULVERT.command.replace(" --workers 1", ""))


def echoing(port):
    """Sends back what comes to the port, on threads that end with the program."""
    def serve(stream):
        with stream, contextlib.suppress(OSError):
            while data := stream.recv(65536):
                stream.sendall(data)

    def accept(listener):
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    listener = socket.create_server(("", port))
    threading.Thread(target=accept, args=(listener,), daemon=True).start()


def is_served(peer, port, origin):
    """Whether a tunnel, or a relay's connection, carries a message there and back."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as stream:
        if peer.route == "--proxy":
            target = f"127.0.0.1:{origin}"
            stream.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
            answer = b""
            while not answer.endswith(b"\r\n\r\n"):
                more = stream.recv(1)
                if not more:
                    return False
                answer += more
            if answer.split(b" ")[1] != b"200":
                return False
        message = bytes(64)
        with contextlib.suppress(ConnectionError):
            stream.sendall(message)
            return stream.recv(64, socket.MSG_WAITALL) == message
        return False


def measure(peer, origin, files):
    """Milliseconds from exec to the first message back, and the memory then."""
    cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    run = Running(peer, cpus, {"ORIGIN": origin, "FILES": files, "TUNNELS": 1000})
    try:
        while time.monotonic() < run.begun + PATIENCE:
            with contextlib.suppress(ConnectionError):
                if is_served(peer, run.port, origin):
                    taken = (time.monotonic() - run.begun) * 1e3
                    return taken, resident(session(run.process.pid))
            if run.process.poll() is not None:
                raise Unusable(f"it ended at once: {run.last_words()}")
            time.sleep(0.0005)
        raise Unusable(f"no tunnel in {PATIENCE} s: {run.last_words()}")
    finally:
        run.end()


def main():
    """Starts all in turns, and tells the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--peers", default="haproxy nginx squid trafficserver envoy",
                        help="names with spaces between")
    options = parser.parse_args()
    files, origin = raise_file_limit(), free_port()
    echoing(origin)
    others = picked(PEERS, [CULVERT.name, *options.peers.split()])[1:]
    peers = [DEFAULT] + [peer for peer in others if peer.program()]
    taken = {peer: [] for peer in peers}
    for number in range(options.rounds):
        for peer in order_of(peers, number, options.rounds):
            try:
                taken[peer].append(measure(peer, origin, files))
            except Unusable as reason:
                say(f"{peer.title}: {reason}")
    say(results.table(
        ["Proxy", "exec to first tunnel, ms", "memory then, MiB"],
        [
            [peer.title] + [
                f"{statistics.median(column):.1f} ({min(column):.1f}–{max(column):.1f})"
                for column in zip(*runs)
            ]
            for peer, runs in taken.items() if runs
        ],
    ))


if __name__ == "__main__":
    run_to_end(main)
