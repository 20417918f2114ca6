#!/usr/bin/env python3
"""Prints what the pieces of the hot path cost: micro.py CULVERT-MICRO [BUDGET].

With a budget (a JSON file with "instructions" by piece) it fails if a piece takes more of them than
it may, or so many less that the budget no longer guards it. Instructions are counted by callgrind,
as the difference between two runs of different counts: what a run needs to start and to end is in
both.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

COUNTS = (1000, 21000)
# A piece that takes a smaller part of its budget has become better: the budget should follow.
LEAST_USE = 0.85
# Tables that are hashed otherwise in each run would take other numbers of instructions in each.
ENVIRONMENT = {**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1"}


def output(command):
    """What a command prints; it must succeed."""
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    if run.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{run.stdout}{run.stderr}")
    return run.stdout + run.stderr


def instructions(program, piece):
    """Instructions that a piece takes each time."""
    counted = []
    for count in COUNTS:
        text = output([
            "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program,
            "--unmeasured", "--only", piece, "--count", str(count),
        ])
        counted.append(int(re.search(r"Collected : (\d+)", text)[1]))
    return (counted[1] - counted[0]) / (COUNTS[1] - COUNTS[0])


def stripped(program, folder):
    """A copy without debug information, which valgrind of Debian 12 can't read."""
    copy = f"{folder}/culvert-micro"
    output(["strip", "--strip-debug", "-o", copy, program])
    return copy


def departures(counted, budget):
    """Sentences on the pieces that don't fit their budget."""
    for piece, limit in budget.items():
        count = counted.get(piece)
        if count is None:
            yield f"{piece}: there is no such piece"
        elif count > limit:
            yield f"{piece}: {count:.1f} instructions, and may take {limit}"
        elif count < LEAST_USE * limit:
            yield f"{piece}: {count:.1f} instructions; lower its budget, {limit}"


def read(path):
    """The budget in a file."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)["instructions"]


def main(program, budget_path=None):
    """Measures all pieces and prints a table; fails if one doesn't fit the budget."""
    if shutil.which("valgrind") is None:
        raise SystemExit("valgrind is missing: install Debian's package valgrind")
    budget = read(budget_path) if budget_path else {}
    counted = {}
    print(f"{'piece':16}{'ns':>10}{'allocations':>14}{'instructions':>14}")
    lines = output([program]).splitlines()
    with tempfile.TemporaryDirectory() as folder:
        copy = stripped(program, folder)
        for line in lines:
            piece, nanoseconds, allocations, _ = line.split("\t")
            count = "not counted"
            if not budget or piece in budget:
                counted[piece] = instructions(copy, piece)
                count = f"{counted[piece]:.1f}"
            print(f"{piece:16}{float(nanoseconds):10.1f}{float(allocations):14.3f}{count:>14}")
    faults = list(departures(counted, budget))
    if faults:
        raise SystemExit("\n".join(faults))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit("usage: micro.py CULVERT-MICRO [BUDGET]")
    main(*sys.argv[1:])
