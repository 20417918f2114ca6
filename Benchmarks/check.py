#!/usr/bin/env python3
"""Checks culvert-bench against a client that shares nothing with it.

usage: Benchmarks/check.py CULVERT-BENCH EPOLL-CLIENT [ROUNDS]

Both load the same TCP relay (HAProxy) to the same origin, in turns. What they measure must agree
within a tenth, as the median of the rounds' ratios, and culvert-bench may not use more CPU for it
in more than three rounds of four: what a message takes of TCP, which is nearly all, differs from
run to run by more than the two clients do.
"""

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

SECONDS = 2
CONNECTIONS = 100
SIZE = 64
LARGEST_DIFFERENCE = 0.10
FIGURES = ("per second", "p50, us", "p99, us", "client CPU, us")

RELAY = """
global
    nbthread 1
    maxconn 4096
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen relay
    bind 127.0.0.1:%d backlog 4096
    server origin 127.0.0.1:%d
"""


def on_cpu(index, command):
    """The command on the first CPU (relay and origin) or the second one (client), so that the
    relay, and not the client, limits the figures."""
    cpus = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cpus[min(index, len(cpus) - 1)]), *command]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Check:
    """A relay and an origin behind it, which both clients load."""

    def __init__(self, bench, client, folder):
        self.bench, self.client, self.folder = bench, client, folder
        self.processes = []

    def start(self, command, **options):
        process = subprocess.Popen(on_cpu(0, command), **options)
        self.processes.append(process)
        return process

    def set_up(self):
        origin = self.start([self.client, "origin"], stdout=subprocess.PIPE, text=True)
        self.origin, self.port = int(origin.stdout.readline()), free_port()
        path = os.path.join(self.folder, "haproxy.cfg")
        with open(path, "w") as file:
            file.write(RELAY % (self.port, self.origin))
        relay = self.start(["haproxy", "-db", "-f", path])
        for _ in range(200):
            if relay.poll() is not None:
                sys.exit("haproxy did not start")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        sys.exit("haproxy does not listen")

    def tear_down(self):
        for process in self.processes:
            process.kill()
            process.wait()

    def run_client(self, scenario):
        command = [self.client, scenario, str(self.port), str(CONNECTIONS), str(SIZE), str(SECONDS)]
        figures = json.loads(subprocess.check_output(on_cpu(1, command)))
        names = ("per_second", "p50_nanoseconds", "p99_nanoseconds", "cpu_nanoseconds")
        return [figures[name] for name in names]

    def run_bench(self, scenario):
        path = os.path.join(self.folder, "figures.json")
        amount, times = {
            "echo": ("--tunnels", "message"), "rate": ("--concurrency", "tunnel"),
        }[scenario]
        command = [
            self.bench, scenario, "--relay", f"127.0.0.1:{self.port}",
            "--origin", f"127.0.0.1:{self.origin}", amount, str(CONNECTIONS),
            "--size", f"{SIZE}B", "--duration", f"{SECONDS}s", "--workers", "1", "--json", path,
        ]
        subprocess.run(on_cpu(1, command), check=True, stdout=subprocess.DEVNULL)
        with open(path) as file:
            figures = json.load(file)
        stretch = next(one for one in figures["stretches"] if one["name"] == scenario)
        times = figures["nanoseconds"][times]
        cpu = stretch["client_cpu_nanoseconds_per_unit"]
        return [stretch["count"] / stretch["seconds"], times["p50"], times["p99"], cpu]

    def compare(self, scenario, rounds):
        """Runs both in turns; whether they agree."""
        runs = {"epoll client": self.run_client, "culvert-bench": self.run_bench}
        measured = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                measured[name].append(run(scenario))
        medians = {
            name: [statistics.median(column) for column in zip(*rows)]
            for name, rows in measured.items()
        }
        theirs, ours = measured.values()
        ratios = [
            statistics.quantiles([our[figure] / their[figure] for their, our in zip(theirs, ours)])
            for figure in range(len(FIGURES))
        ]
        return tell(scenario, rounds, medians, ratios)


def tell(scenario, rounds, medians, ratios):
    """Prints the figures; whether they agree."""
    print(f"\n{scenario}, medians of {rounds} runs each, in turns")
    print(f"{'':14}" + "".join(f"{name:>16}" for name in FIGURES))
    for name, (rate, middle, high, cpu) in medians.items():
        print(f"{name:14}{rate:16.0f}{middle / 1e3:16.1f}{high / 1e3:16.1f}{cpu / 1e3:16.2f}")
    for place, name in enumerate(("lower quarter", "round by round", "upper quarter")):
        print(f"{name:14}" + "".join(f"{each[place]:16.3f}" for each in ratios), flush=True)
    rate, middle, _, cpu = ratios
    worst = max(abs(rate[1] - 1), abs(middle[1] - 1))
    return worst <= LARGEST_DIFFERENCE and cpu[0] <= 1


def main(bench, client, rounds="11"):
    # Where Debian puts it, which isn't in everybody's path.
    os.environ["PATH"] += ":/usr/sbin"
    if shutil.which("haproxy") is None:
        sys.exit("haproxy is missing: install Debian's package haproxy")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory() as folder:
        check = Check(bench, client, folder)
        try:
            check.set_up()
            agree = [check.compare(scenario, int(rounds)) for scenario in ("echo", "rate")]
        finally:
            check.tear_down()
    if not all(agree):
        sys.exit("the figures differ by more than a tenth, or culvert-bench uses more CPU")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(*sys.argv[1:])
