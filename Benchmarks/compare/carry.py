#!/usr/bin/env python3
"""Measures the tunnel without CONNECT beside CONNECT, by the same ways. See README.md there."""

import argparse
import contextlib
import datetime
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import results
from charts import number
from compare import (
    FOLDER, Machine, keep, order_of, picked, raise_file_limit, run_to_end, say,
)
from peers import CULVERT, TOP, Peer, Unusable, free_port, running
from scenarios import TOOL, Load, bulk, echo

PROGRAM = ".build/release/culvert"
OPEN = " --allow-private --allow-port any --workers 1"
SERVER = Peer("carry-server", "server", f"{PROGRAM} --listen 127.0.0.1:@PORT@{OPEN}"
              " --method-tunnel /tunnel", "--version")
CLIENT = Peer("carry-client", "client", f"{PROGRAM} client --server @URL@ --journal @RUN@/journal"
              " --listen 127.0.0.1:@PORT@ --via-proxy @VIA@", "--version")
MIDDLES = {
    "squid": Peer("carry-squid", "Squid", "squid -N -n carrypeer -f @RUN@/squid.conf", "-v"),
    "nginx": Peer("carry-nginx", "nginx", "nginx -e /dev/null -p @RUN@/ -c @RUN@/nginx.conf", "-v"),
    **{name: Peer(f"carry-{name}", "HAProxy", "haproxy -db -f @RUN@/haproxy.cfg", "-v")
       for name in ("haproxy", "haproxy-whole", "haproxy-cut")},
}
HTS = Peer("carry-hts", "hts", "hts -S -w -F 127.0.0.1:@ORIGIN@ @PORT@", "--version")
HTC = Peer("carry-htc", "htc", "htc -S -w -F @PORT@ 127.0.0.1:@SERVER@", "--version", "--relay")
DOWN, UP, TEN, ECHO = bulk(1), bulk(1, "up"), bulk(10), echo(1)
SCENARIOS = [DOWN, UP, TEN, ECHO]


@dataclass(frozen=True)
class Way:
    """A way for tunnels: what they are carried by, what stands between, and how it polls."""

    name: str
    title: str
    middle: str = ""
    #: The polling that the client must have settled on; empty for CONNECT.
    polling: str = ""


WAYS = [
    Way("connect", "CONNECT, directly"),
    Way("stream", "requests, directly, streaming", "", "streaming"),
    Way("connect-haproxy", "CONNECT, HAProxy", "haproxy"),
    Way("stream-haproxy", "requests, HAProxy, streaming", "haproxy", "streaming"),
    Way("connect-squid", "CONNECT, Squid", "squid"),
    Way("stream-squid", "requests, Squid, streaming", "squid", "streaming"),
    Way("long-nginx", "requests, nginx, long poll", "nginx", "long_poll"),
    Way("long-haproxy", "requests, HAProxy, long poll", "haproxy-whole", "long_poll"),
    Way("short-haproxy", "requests, HAProxy, short poll", "haproxy-cut", "short_poll"),
    Way("httptunnel", "GNU httptunnel, directly"),
]


class Chain:
    """All that runs for a way: its entrance, and its processes by what they are."""

    def __init__(self, stack, way, values, cpus):
        self.processes = {}
        self.entrance = None

        def start(peer, **more):
            run, members = stack.enter_context(running(peer, cpus, {**values, **more}))
            self.processes[peer.title] = members
            self.entrance, self.port, self.folder = peer, run.port, run.folder.name
            return run.port

        if way.name == "httptunnel":
            server = start(HTS)
            start(HTC, SERVER=server)
            return
        server = start(SERVER)
        port = start(MIDDLES[way.middle], SERVER=server) if way.middle else server
        if not way.polling:
            self.entrance = CULVERT
            return
        is_forward = way.middle == "squid"
        start(CLIENT, URL=f"http://127.0.0.1:{server if is_forward else port}/tunnel",
              VIA=f"127.0.0.1:{port}" if is_forward else "none")
        self.settle(way.polling)

    def settle(self, polling):
        """Waits until the client has found out how to poll."""
        deadline = time.monotonic() + 40
        journal = Path(self.folder, "journal")
        while time.monotonic() < deadline:
            records = [json.loads(line) for line in journal.read_text().split("\n") if line]
            modes = [each["detail"] for each in records if each["event"] == "polling"]
            if modes and modes[-1] == polling:
                return
            time.sleep(0.1)
        raise Unusable(f"the client does not come to {polling}, but {modes}")

    def spent(self):
        """CPU time of each part so far, in seconds."""
        second = os.sysconf("SC_CLK_TCK")
        sums = {}
        for name, members in self.processes.items():
            ticks = 0
            for member in members:
                fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
            sums[name] = ticks / second
        return sums


def measure(way, scenarios, options):
    """Runs scenarios by one way, one after another: each, and its figures."""
    origin = free_port()
    values = {"ORIGIN": origin, "FILES": raise_file_limit()}
    cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    load = Load(cpus, origin, options.duration, lambda peer: 0)
    with contextlib.ExitStack() as stack:
        chain = Chain(stack, way, values, cpus)
        everything = [each for members in chain.processes.values() for each in members]
        for scenario in scenarios:
            before = chain.spent()
            figures = load.figures(scenario, chain.entrance, chain.port, everything)
            after = chain.spent()
            whole = sum(after[name] - before[name] for name in after) or 1
            for name in after:
                figures[f"share {name}"] = 100 * (after[name] - before[name]) / whole
            yield scenario, figures


def turns(way, scenarios):
    """Which scenarios a way is started for at a time: httptunnel takes one tunnel in its life."""
    if way.name != "httptunnel":
        return [scenarios]
    return [[each] for each in scenarios if each is not TEN]


def run(options):
    """All rounds; each way has its turn in each, so that a busy minute meets all."""
    machine, faults = Machine(), []
    earlier = Path(options.results, "carry.json")
    kept = json.loads(earlier.read_text()) if options.add and earlier.exists() else {}
    runs = kept.get("runs", {})
    for turn in range(options.rounds):
        for way in order_of(options.ways, turn, options.rounds):
            say(f"round {turn + 1} of {options.rounds}: {way.title}")
            for scenarios in turns(way, options.scenarios):
                try:
                    for scenario, figures in measure(way, scenarios, options):
                        keep(figures, runs, scenario, way)
                except Unusable as reason:
                    faults.append(f"{way.title}: {reason}")
                    say(f"  {way.title}: {reason}")
    return {
        "date": datetime.date.today().isoformat(), "commit": results.commit(),
        "machine": results.machine(), "duration": options.duration,
        "rounds": max(
            (len(each) for by_way in runs.values() for each in by_way.values()), default=0
        ),
        "others_percent": machine.others_percent(), "faults": faults, "runs": runs,
        "summaries": {
            scenario: {way: results.summary(each, None) for way, each in by_way.items()}
            for scenario, by_way in runs.items()
        },
    }


def median(measured, scenario, way, name):
    """A median, or nothing."""
    figures = measured["summaries"].get(scenario.name, {}).get(way.name, {})
    return figures[name]["median"] if name in figures else None


def table(measured):
    """The table of all ways."""
    def words(value, scale=1):
        return "–" if value is None else number(value * scale)

    rows = []
    for way in WAYS:
        shares = [median(measured, DOWN, way, f"share {part}") for part in ("client", "server")]
        cost = median(measured, DOWN, way, "cpu")
        if cost is None:
            continue
        direct = median(measured, ECHO, WAYS[0], "p50")
        trip = median(measured, ECHO, way, "p50")
        added = None if None in (trip, direct) else trip - direct
        rows.append([
            way.title,
            words(median(measured, DOWN, way, "rate"), 1000),
            words(median(measured, UP, way, "rate"), 1000),
            words(median(measured, TEN, way, "rate"), 1000),
            words(trip), words(added if way is not WAYS[0] else None), words(cost),
            " + ".join(words(share and cost * share / 100) for share in shares),
        ])
    heads = ["way", "1 stream down, MB/s", "1 stream up, MB/s", "10 streams down, MB/s",
             "round trip, us", "more than CONNECT, us", "CPU a GB, ms", "of that client + server"]
    return results.table(heads, rows)


def write(measured, folder):
    """Writes the figures and the report."""
    Path(folder, "carry.json").write_text(json.dumps(measured, indent=1) + "\n")
    machine = measured["machine"]
    text = (
        "# Tunnels in requests beside CONNECT\n\n"
        f"{measured['date']}, commit {measured['commit']}: {machine['cpu']}, {machine['cpus']} CPUs"
        f", {machine['system']}, kernel {machine['kernel']}. Medians of {measured['rounds']} rounds"
        f" of {measured['duration']} s, each way in turn in each; others used"
        f" {measured['others_percent']} % of the machine. All programs, the load and its origin"
        " share the CPUs.\n\n" + table(measured) + "\n"
    )
    if measured["faults"]:
        text += "\n" + "\n".join(f"- {fault}" for fault in measured["faults"]) + "\n"
    Path(folder, "carry.md").write_text(text)


def main():
    """Does what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--duration", type=int, default=3, help="seconds of one run")
    parser.add_argument("--ways", default="", help="names with spaces between; default: all")
    parser.add_argument("--scenarios", default="", help="names with spaces between; default: all")
    parser.add_argument("--add", action="store_true", help="keep the runs that are in the results")
    parser.add_argument("--results", type=Path, default=FOLDER)
    options = parser.parse_args()
    options.ways = picked(WAYS, options.ways.split())
    options.scenarios = picked(SCENARIOS, options.scenarios.split())
    if not TOOL.exists() or not (TOP / PROGRAM).exists():
        raise SystemExit("culvert or culvert-bench is missing: make carry builds them")
    options.results.mkdir(parents=True, exist_ok=True)
    write(run(options), options.results)
    say(f"written to {options.results}")


if __name__ == "__main__":
    run_to_end(main)
