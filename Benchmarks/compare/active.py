#!/usr/bin/env python3
"""What a message takes where so many tunnels speak that one table of open files can't hold them.

All proxies have one CPU, and all clients and origins another. Culvert has a worker for each part of
the tunnels; the others have a process for each, as one of theirs can't open more files than one
table holds. Each part has a load tool and an origin of its own.
"""

import argparse
import contextlib
import statistics
from dataclasses import replace

import results
from compare import order_of, picked, raise_file_limit, run_to_end, say, two_cpus
from peers import CULVERT, PEERS, Unusable, free_port, running
from scale import at_once, workers
from scenarios import Load, echo


def measure(peer, parts, cpus, options):
    """One run on fresh processes: round trips a second of all, CPU of each, and the worst p99."""
    cpu, load_cpu = cpus
    origins = [free_port() for _ in range(parts)]
    loads = [Load(load_cpu, port, options.duration, None) for port in origins]
    for number, load in enumerate(loads, 1):
        # All come to one port of Culvert's: from one address there are too few ports for that.
        load.addresses += ["--source", f"127.1.{number}.1-127.1.{number}.4"]
    share = options.tunnels // parts
    # Some proxies let a tunnel wait for longer than the tool would by itself.
    scenario = replace(echo(share), arguments=f"echo --tunnels {share} --timeout 1m")
    values = {"FILES": options.files, "TUNNELS": share + 100}
    with contextlib.ExitStack() as stack:
        if peer is CULVERT:
            proxies = [stack.enter_context(running(workers(parts), cpu, values))] * parts
        else:
            proxies = [
                stack.enter_context(running(peer, cpu, {**values, "ORIGIN": port}))
                for port in origins
            ]
        taken, rate, cost = at_once(scenario, peer, loads, proxies)
    slowest = max(each["p99"] for each in taken)
    say(f"  {peer.title}: {results.number(rate)} a second, CPU {results.number(cost)} us each, "
        f"p99 {results.number(slowest / 1000)} ms")
    return rate, cost, slowest / 1000


def row(peer, rounds, first):
    """A proxy's medians, and what part of its CPU that of the first is in the same round."""
    middle = [statistics.median(column) for column in zip(*rounds)]
    ratio = statistics.median(theirs[1] / own[1] for theirs, own in zip(first, rounds))
    return [peer.title, *map(results.number, middle), f"{ratio:.2f}"]


def parsed():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--duration", type=int, default=10, help="seconds of one run")
    parser.add_argument("--tunnels", type=int, default=50_000)
    parser.add_argument("--peers", default="haproxy nginx envoy", help="names with spaces between")
    options = parser.parse_args()
    options.peers = picked(PEERS, [CULVERT.name, *options.peers.split()])
    return options


def main():
    """Measures in turns, and tells the medians."""
    options = parsed()
    options.files, cpus = raise_file_limit(), two_cpus()
    # Some keep a tenth of the files back.
    parts = -(-options.tunnels // (options.files * 9 // 20 - 100))
    peers = [peer for peer in options.peers if peer.program()]
    taken = {peer: [] for peer in peers}
    for number in range(options.rounds):
        say(f"round {number + 1} of {options.rounds}: {options.tunnels:,} tunnels in {parts} parts")
        found = {}
        for peer in order_of(peers, number, options.rounds):
            try:
                found[peer] = measure(peer, parts, cpus, options)
            except Unusable as reason:
                say(f"  {peer.title}: {reason}")
        if len(found) < len(peers):
            say("  this round doesn't count, since not all were measured in it")
            continue
        for peer, figures in found.items():
            taken[peer].append(figures)
    if not taken[CULVERT]:
        raise SystemExit("no round was whole")
    say(f"medians of {len(taken[CULVERT])} rounds; p99 is that of the slowest part")
    say(results.table(
        ["Proxy", "round trips a second", "CPU each, us", "p99, ms", "Culvert's part of the CPU"],
        [row(peer, rounds, taken[CULVERT]) for peer, rounds in taken.items()],
    ))


if __name__ == "__main__":
    run_to_end(main)
