#!/usr/bin/env python3
"""How long messages take on a worker that also serves bulk and readers that stand still.

The proxy has one CPU, all load the other, where the tool that measures goes first. Each proxy has
its messages alone; beside the same bulk without the proxy, which shows what the load's own CPU
does; and beside bulk and slow readers through the proxy.

All of it is in a network namespace of its own, where a socket holds little: else bulk over loopback
uses up the kernel's memory for TCP, which holds everybody up, whichever proxy there is. To make one
takes root.
"""

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import results
from compare import order_of, picked, raise_file_limit, run_to_end, say, two_cpus
from peers import CULVERT, PEERS, Unusable, free_port, hold_machine, resident, running
from scenarios import TOOL, failed

NAMESPACE = "CULVERT_ISOLATED"
CASES = ("alone", "control", "beside")
#: Seconds that something may take that should take none.
PATIENCE = 60


def enter_namespace(socket_bytes):
    """Goes on in a network namespace of its own, whose sockets hold so many bytes each way."""
    if os.geteuid() != 0:
        raise SystemExit("only root may make a network namespace: sudo make isolation")
    if os.environ.get(NAMESPACE) != "1":
        os.environ[NAMESPACE] = "1"
        # It is held by whoever is there after the exec.
        hold_machine().set_inheritable(True)
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name in ("tcp_rmem", "tcp_wmem"):
        path = Path("/proc/sys/net/ipv4", name)
        low, usual, most = map(int, path.read_text().split())
        most = min(most, socket_bytes)
        path.write_text(f"{low} {min(usual, most)} {most}")


class Load:
    """The load tool on its CPU: what is measured, and what goes on beside it."""

    def __init__(self, cpu, run, options):
        self.cpu, self.run, self.options = ["taskset", "-c", str(cpu)], run, options
        self.proxy = ["--proxy", f"127.0.0.1:{run.port}"]

    def tool(self, arguments, priority=()):
        """Starts the tool, in a group of its own."""
        return subprocess.Popen(
            self.cpu + list(priority) + [str(TOOL)] + arguments,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )

    @contextlib.contextmanager
    def others(self, case):
        """What else goes on, for the length of a `with`."""
        options, started = self.options, []
        # Longer than what is measured beside it may take.
        there = f"{options.duration + 2 * PATIENCE}s"
        bulk = ["bulk", "--tunnels", str(options.bulk), "--duration", there]
        # One tunnel is well-behaved there, and speaks now and then.
        slow = ["hostile", "--kinds", "slow-reader", "--hostile", str(options.slow), "--interval",
                "1s", "--tunnels", "1", "--rate", "1", "--warmup", "0", "--alone", "1s",
                "--duration", there]
        try:
            if case == "control":
                started.append(self.tool(bulk + ["--direct"]))
            if case == "beside":
                started += [self.tool(bulk + self.proxy), self.tool(slow + self.proxy)]
                self.await_clients(options.bulk + options.slow)
            if started:
                # Streams have filled what sockets hold.
                time.sleep(2)
            yield
            if any(process.poll() is not None for process in started):
                raise Unusable("what was to go on beside it has ended")
        finally:
            for process in started:
                process.send_signal(signal.SIGKILL)
                process.wait()

    def await_clients(self, count):
        """Waits until the proxy has so many clients."""
        deadline = time.monotonic() + PATIENCE
        while self.run.client_count() < count:
            if time.monotonic() > deadline:
                raise Unusable(f"it has {self.run.client_count()} of {count} clients after "
                               f"{PATIENCE} s")
            time.sleep(0.2)

    def messages(self):
        """p50 and p99 in ms of messages on their schedule, and how many tunnels failed."""
        options = self.options
        with tempfile.NamedTemporaryFile(prefix="isolation-", suffix=".json") as file:
            tool = self.tool(
                ["echo", "--tunnels", str(options.tunnels), "--rate", str(options.rate),
                 "--duration", f"{options.duration}s", "--json", file.name] + self.proxy,
                ["chrt", "-f", "10"],
            )
            try:
                tool.wait(timeout=options.duration + PATIENCE)
            except subprocess.TimeoutExpired as expired:
                raise Unusable(f"messages take {PATIENCE} s longer than they should") from expired
            finally:
                tool.kill()
                tool.wait()
            report = json.loads(Path(file.name).read_text() or "{}")
        spread = (report.get("nanoseconds") or {}).get("message")
        if not spread:
            raise Unusable("no message came back")
        return [spread[name] / 1e6 for name in ("p50", "p99")] + [failed(report)]


def measure(peer, cpus, files, options):
    """One run of each case on a fresh process each."""
    for case in CASES:
        values = {"ORIGIN": free_port(), "FILES": files, "TUNNELS": 3000}
        with running(peer, cpus[0], values) as (run, processes):
            load = Load(cpus[1], run, options)
            with load.others(case):
                p50, p99, failures = load.messages()
                memory = resident(processes)
        say(f"  {peer.title}, {case}: p50 {p50:.2f} ms, p99 {p99:.2f} ms, {memory:.0f} MiB"
            + f", {failures} failed" * (failures > 0))
        yield case, (p50, p99, memory)


def rows(taken):
    """A table of medians: a row for each proxy."""
    lines = []
    for peer, cases in taken.items():
        p50, p99, memory = (
            {case: statistics.median(run[place] for run in runs)
             for case, runs in cases.items() if runs} for place in range(3)
        )
        if set(p99) != set(CASES):
            continue
        figures = [p99[case] for case in CASES]
        figures += [p99["beside"] / p99["control"], p50["beside"], memory["beside"]]
        lines.append([peer.title] + [f"{figure:,.2f}" for figure in figures])
    return results.table(
        ["Proxy", "p99 alone, ms", "control", "beside all", "of the control", "p50 beside all",
         "MiB"], lines,
    )


def main():
    """Measures in turns, and tells the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("rounds", 3), ("tunnels", 500), ("rate", 5000), ("bulk", 200),
                          ("slow", 1000), ("duration", 4), ("socket-bytes", 65536)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--peers", default="floor haproxy-connect envoy")
    options = parser.parse_args()
    enter_namespace(options.socket_bytes)
    files, cpus = raise_file_limit(), two_cpus()
    peers = picked(PEERS, [CULVERT.name, *options.peers.split()])
    taken = {peer: {case: [] for case in CASES} for peer in peers}
    for number in range(options.rounds):
        say(f"round {number + 1} of {options.rounds}")
        for peer in order_of(peers, number, options.rounds):
            try:
                for case, figures in measure(peer, cpus, files, options):
                    taken[peer][case].append(figures)
            except Unusable as reason:
                say(f"  {peer.title}: {reason}")
    say(rows(taken))


if __name__ == "__main__":
    run_to_end(main)
