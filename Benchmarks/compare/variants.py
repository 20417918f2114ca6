#!/usr/bin/env python3
"""Measures Culvert with different flags, or different builds of it, in turns."""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import results
from compare import Comparison, picked, run_to_end, say
from peers import CULVERT, PEERS, TOP
from scenarios import SCENARIOS, bulk, echo

FOLDER = TOP / "Benchmarks/results"
EXTRA = [
    *(bulk(64, way) for way in ("down",)),
    *(bulk(count, way) for way in ("up", "both") for count in (1, 8, 200)),
    *(echo(64, size) for size in ("1KiB", "4KiB", "8KiB", "16KiB", "32KiB", "64KiB", "256KiB")),
    echo(500),
]
"""Scenarios beside those of the comparison with other proxies."""


def variant(text):
    """A peer from NAME=FLAGS, or NAME@BINARY=FLAGS."""
    name, sign, flags = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"'{text}' has no '=' between its name and its flags")
    name, _, binary = name.partition("@")
    command = f"{CULVERT.command} {flags}"
    if binary:
        command = command.replace(CULVERT.command.split()[0], str(Path(binary).resolve()), 1)
    return replace(CULVERT, name=name, title=f"`{flags}`" if flags else name, command=command)


def rows(measured, variants, scenarios):
    """A table: a row for each variant, a column for each scenario's key figure."""
    lines = []
    for peer in variants:
        cells = []
        for scenario in scenarios:
            figures = measured["summaries"].get(scenario.name, {}).get(peer.name)
            cell = results.cell(figures[scenario.key], True) if figures else "–"
            runs = measured["runs"].get(scenario.name, {}).get(peer.name, [])
            failures = sum(run["failures"] for run in runs)
            cells.append(cell + f" ({failures:.0f} failed)" * (failures > 0))
        lines.append([f"{peer.name}: {peer.title}"] + cells)
    return results.table(["variant"] + [each.name for each in scenarios], lines)


def parsed(arguments):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variants", nargs="+", metavar="NAME[@BINARY]=FLAGS", type=variant)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--duration", type=int, default=2, help="seconds of one run")
    parser.add_argument("--scenarios", default="rate echo-64 bulk-1 bulk-8 bulk-200",
                        help="names with spaces between")
    parser.add_argument("--peers", default="", help="other proxies to measure with them")
    parser.add_argument("--json", type=Path, help="where to write all figures")
    parser.set_defaults(note="")
    options = parser.parse_args(arguments)
    options.scenarios = picked(SCENARIOS + EXTRA, options.scenarios.split())
    others = options.peers.split()
    options.peers = options.variants + (picked(PEERS, others) if others else [])
    names = [peer.name for peer in options.peers]
    if len(set(names)) < len(names):
        parser.error(f"two have the same name: {' '.join(names)}")
    return options


def main():
    """Does what the command line says."""
    options = parsed(sys.argv[1:])
    measured = Comparison(options).run()
    if options.json:
        options.json.write_text(json.dumps(measured, indent=1) + "\n")
    say(f"others used {measured['method']['others_percent']} % of the machine")
    for fault in measured["faults"]:
        say(f"fault: {fault}")
    say(rows(measured, options.peers, options.scenarios))


if __name__ == "__main__":
    run_to_end(main)
