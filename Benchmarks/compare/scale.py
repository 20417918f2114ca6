#!/usr/bin/env python3
"""What two workers on two CPUs do, beside one worker on one of them.

First one CPU has all: a worker, its clients and their origin. Then two CPUs have twice of each, the
workers in one process; the kernel gives a worker the clients whose packets its CPU handles. Then
two processes have a worker each and share nothing: once with clients on the same CPU, which shows
what the machine takes, and once with those on the other, which shows what crossing takes.
"""

import argparse
import contextlib
import statistics
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import results
from compare import order_of, picked, raise_file_limit, run_to_end, say, two_cpus
from peers import CULVERT, Unusable, free_port, running
from scenarios import SCENARIOS, Load

SETUPS = ("one", "two", "apart", "crossed")


def workers(count):
    """Culvert with so many workers."""
    return replace(CULVERT, command=CULVERT.command.replace("--workers 1", f"--workers {count}"))


def at_once(scenario, peer, loads, proxies):
    """What loads that run at once come to, each at the proxy in its place.

    The figures of each; what all did a second; and the proxies' CPU of each unit.
    """
    processes = sorted({each for _, members in proxies for each in members})
    with ThreadPoolExecutor(len(loads)) as pool:
        taken = list(pool.map(
            lambda load, proxy: load.figures(scenario, peer, proxy[0].port, processes),
            loads, proxies,
        ))
    if any(each["failures"] for each in taken):
        raise Unusable("tunnels failed")
    rate = sum(each["rate"] for each in taken)
    # Each tool charges all proxies' CPU to what it did itself.
    return taken, rate, statistics.mean(each["cpu"] * each["rate"] for each in taken) / rate


def measure(setup, scenario, cpus, options):
    """One run on fresh processes: units a second of all, and CPU of the proxies for each unit."""
    used = cpus[:1] if setup == "one" else cpus
    origins = [free_port() for _ in used]
    # Tunnels may move to another worker in their first seconds.
    loads = [Load(cpu, port, options.duration, None, "3s") for cpu, port in zip(used, origins)]
    values = {"ORIGIN": origins[0], "FILES": options.files, "TUNNELS": 0}
    with contextlib.ExitStack() as stack:
        if setup in ("apart", "crossed"):
            proxies = [stack.enter_context(running(workers(1), cpu, values)) for cpu in used]
            if setup == "crossed":
                proxies.reverse()
        else:
            on_all = ",".join(map(str, used))
            proxies = [stack.enter_context(running(workers(len(used)), on_all, values))] * len(used)
        _, rate, cost = at_once(scenario, CULVERT, loads, proxies)
    say(f"  {setup}: {results.number(rate)} a second, CPU {results.number(cost)} each")
    return rate, cost


def quartiles(values):
    """The median of a list, and what its middle half lies between."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


def row(scenario, rounds):
    """A scenario's medians on one CPU, and how many times that the others of the round are."""
    cells = [scenario.title]
    for place in range(2):
        cells.append(results.number(statistics.median(each["one"][place] for each in rounds)))
        cells += [
            quartiles([each[setup][place] / each["one"][place] for each in rounds])
            for setup in SETUPS[1:]
        ]
    return cells


def parsed():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--duration", type=int, default=2, help="seconds of one run")
    parser.add_argument("--scenarios", default="rate echo-64 echo-2000 bulk-8",
                        help="names with spaces between")
    options = parser.parse_args()
    options.scenarios = picked(SCENARIOS, options.scenarios.split())
    if options.rounds < 2:
        parser.error("--rounds: quartiles take two rounds or more")
    return options


def main():
    """Measures in turns, and tells the medians."""
    options = parsed()
    options.files, cpus = raise_file_limit(), two_cpus()
    taken = {scenario: [] for scenario in options.scenarios}
    for number in range(options.rounds):
        for scenario, rounds in taken.items():
            say(f"round {number + 1} of {options.rounds}: {scenario.title}, on each CPU")
            try:
                rounds.append({
                    setup: measure(setup, scenario, cpus, options)
                    for setup in order_of(SETUPS, number, options.rounds)
                })
            except Unusable as reason:
                say(f"  {reason}")
    say(results.table(
        ["On each CPU", "one: a second", *SETUPS[1:], "one: CPU each", *SETUPS[1:]],
        [row(scenario, rounds) for scenario, rounds in taken.items() if len(rounds) > 1],
    ))


if __name__ == "__main__":
    run_to_end(main)
