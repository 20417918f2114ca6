#!/usr/bin/env python3
"""Prints what the pieces of the hot path cost: micro.py CULVERT-MICRO.

Instructions are counted by callgrind, if valgrind is installed, as the difference between two runs
of different counts: what a run needs to start and to end is in both.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

COUNTS = (1000, 21000)
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


def main(program):
    """Measures all pieces and prints a table."""
    counts = shutil.which("valgrind") is not None
    print(f"{'piece':16}{'ns':>10}{'allocations':>14}{'instructions':>14}")
    lines = output([program]).splitlines()
    with tempfile.TemporaryDirectory() as folder:
        copy = stripped(program, folder)
        for line in lines:
            piece, nanoseconds, allocations, _ = line.split("\t")
            count = f"{instructions(copy, piece):.1f}" if counts else "no valgrind"
            print(f"{piece:16}{float(nanoseconds):10.1f}{float(allocations):14.3f}{count:>14}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: micro.py CULVERT-MICRO")
    main(sys.argv[1])
