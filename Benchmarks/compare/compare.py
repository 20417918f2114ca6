#!/usr/bin/env python3
"""Compares Culvert with other proxies on this machine. See README.md beside Benchmarks."""

import argparse
import datetime
import json
import os
import resource
import signal
import sys
from pathlib import Path

import results
from peers import CULVERT, PEERS, TOP, Unusable, free_port, running
from scenarios import SCENARIOS, TOOL, Load

FOLDER = TOP / "Benchmarks/results"
FILES_MAX = 65536
IDLE_MAX = 10000


def raise_file_limit():
    """Raises the limit on open files as far as it goes, for all that are started from here."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, FILES_MAX)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return files


def two_cpus():
    """The CPUs of the proxy and of the load; the load tool has been built."""
    if not TOOL.exists():
        raise SystemExit(f"{TOOL} is missing: make bench builds it")
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        raise SystemExit("it takes two CPUs: one for the proxy, one for the load")
    return cpus[:2]


class Machine:
    """How busy the machine is, and who makes it so."""

    def __init__(self):
        self.start = self.spent()

    @staticmethod
    def spent():
        """Seconds of CPU so far: on all CPUs, by anybody, and by us and what we started."""
        ticks = list(map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9]))
        idle, waiting = ticks[3:5]
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF,
                                                      resource.RUSAGE_CHILDREN)]
        own = sum(usage.ru_utime + usage.ru_stime for usage in usages)
        second = os.sysconf("SC_CLK_TCK")
        return sum(ticks) / second, (sum(ticks) - idle - waiting) / second, own

    def others_percent(self):
        """What others have used of all CPUs since the beginning, in percent."""
        whole, busy, own = (now - then for now, then in zip(self.spent(), self.start))
        return round(100 * max(busy - own, 0) / whole)


class Comparison:
    """All rounds of all scenarios with all peers."""

    def __init__(self, options):
        self.options = options
        self.files = raise_file_limit()
        self.cpu, load_cpu = two_cpus()
        self.origin = free_port()
        self.load = Load(load_cpu, self.origin, options.duration, self.idle_tunnels)
        self.facts, self.runs, self.faults = {}, {}, []

    def idle_tunnels(self, peer):
        """How many tunnels a peer is to hold; some keep a tenth of the files back."""
        return min(IDLE_MAX, self.files * 9 // (1000 * peer.descriptors) * 100)

    def start(self, peer):
        """A peer for the length of a `with`."""
        values = {
            "ORIGIN": self.origin, "FILES": self.files,
            "TUNNELS": self.idle_tunnels(peer) + 100,
        }
        return running(peer, self.cpu, values)

    def prove(self, peer):
        """Finds out whether a peer is there and works; keeps what it found."""
        facts = self.facts[peer.name] = {"version": "–", "proof": None, "reason": "not installed"}
        if not peer.program():
            return
        facts["version"] = peer.reported_version()
        try:
            with self.start(peer) as (run, processes):
                facts["proof"] = self.load.proof(peer, run.port, processes)
        except Unusable as reason:
            facts["reason"] = str(reason)

    def measure(self, scenario, peer):
        """One run of one scenario on a fresh process; a run that fails is kept as a fault."""
        try:
            with self.start(peer) as (run, processes):
                rate = self.rate(scenario) if scenario.pace else None
                figures = self.load.figures(scenario, peer, run.port, processes, rate)
        except Unusable as reason:
            self.faults.append(f"{peer.title}, {scenario.name}: {reason}")
            say(f"  {peer.title}: {reason}")
            return
        keep(figures, self.runs, scenario, peer)

    def rate(self, scenario):
        """Messages a second of a schedule, by what the first peer did without one this round."""
        done = self.runs.get(scenario.unpaced, {}).get(self.options.peers[0].name)
        if not done:
            raise Unusable(f"its schedule follows from {scenario.unpaced}, which was not measured")
        return int(scenario.pace * done[-1]["rate"])

    def run(self):
        """Proves every peer, measures those that work, and returns all results."""
        machine = Machine()
        for peer in self.options.peers:
            self.prove(peer)
            facts = self.facts[peer.name]
            say(f"{peer.title} {facts['version']}: {facts['proof'] or facts['reason']}")
        first = self.options.peers[0]
        if not self.facts[first.name]["proof"]:
            raise SystemExit(f"{first.title} does not work, so there is nothing to compare with")
        working = [peer for peer in self.options.peers if self.facts[peer.name]["proof"]]
        for number in range(self.options.rounds):
            order = order_of(working, number, self.options.rounds)
            for scenario in self.options.scenarios:
                say(f"round {number + 1} of {self.options.rounds}: {scenario.title}")
                for peer in order:
                    if scenario.name.startswith(peer.scenarios):
                        self.measure(scenario, peer)
        return self.results(machine)

    def results(self, machine):
        """All that is written."""
        options = self.options
        return {
            "date": datetime.date.today().isoformat(), "commit": results.commit(),
            "machine": results.machine(), "note": options.note,
            "method": {
                "rounds": options.rounds, "duration": options.duration,
                "idle": self.idle_tunnels(CULVERT),
                "files": self.files, "others_percent": machine.others_percent(),
            },
            "peers": self.facts, "faults": self.faults,
            "summaries": results.summaries(self.runs, options.peers[0]), "runs": self.runs,
        }


def order_of(subjects, number, rounds):
    """The order of round `number` of so many.

    Another one begins each round: who comes first after something else is worse off.
    """
    begin = number * max(len(subjects) // rounds, 1) % len(subjects)
    return subjects[begin:] + subjects[:begin]


def keep(figures, runs, scenario, subject):
    """Adds what one run of a subject of the comparison came to, and tells it."""
    runs.setdefault(scenario.name, {}).setdefault(subject.name, []).append(figures)
    words = (f"{name} {results.number(value)}" for name, value in figures.items())
    say(f"  {subject.title}: {', '.join(words)}")


def run_to_end(main):
    """Runs a program; what ends it early has it end what it started, as an interrupt would."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)


def say(words):
    """Tells how far it is."""
    print(words, flush=True)


def picked(everything, names):
    """Those of a list that have one of the names; all without names."""
    known = {each.name for each in everything}
    if set(names) - known:
        raise SystemExit(f"unknown: {', '.join(set(names) - known)}; there are {sorted(known)}")
    return [each for each in everything if not names or each.name in names]


def parsed(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["run", "report", "readme"], nargs="?", default="run",
                        help="measure; write the report anew from the JSON; update README.md")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--duration", type=int, default=2, help="seconds of one run")
    parser.add_argument("--peers", default="", help="names with spaces between; default: all")
    parser.add_argument("--scenarios", default="", help="names with spaces between; default: all")
    parser.add_argument("--note", default="", help="what else is to be known of the run")
    parser.add_argument("--results", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    names = options.peers.split()
    options.peers = picked(PEERS, names and [CULVERT.name, *names])
    options.scenarios = picked(SCENARIOS, options.scenarios.split())
    return options


def main():
    """Does what the command line says."""
    options = parsed(sys.argv[1:])
    if options.action == "run":
        measured = Comparison(options).run()
    else:
        measured = json.loads(Path(options.results, "compare.json").read_text())
        measured["summaries"] = results.summaries(measured["runs"], CULVERT)
    if options.action == "readme":
        results.update_readme(measured)
    else:
        results.write(measured, options.results)
        say(f"written to {options.results}")


if __name__ == "__main__":
    run_to_end(main)
