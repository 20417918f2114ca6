#!/usr/bin/env bash
# Runs every test that has been built in .build-test, each once: first in several processes at the
# same time, since most tests wait more than they compute; then, alone, what measures the machine.
# usage: CULVERT=PROGRAM Tests/run.sh
set -euo pipefail
cd "$(dirname "$0")/.."

bundle=.build-test/release/culvertPackageTests.xctest
folder=$(mktemp -d)
children=()
names=()

# Whatever ends it early, those that still run end, and what they said last is told.
give_up() {
    local place
    for place in "${!children[@]}"; do
        kill "${children[place]}" 2>/dev/null || continue
        echo "==== tests: ${names[place]} has not ended; its last words:"
        tail -n 30 "$folder/${names[place]}"
    done
    rm -rf "$folder"
}
trap give_up EXIT
trap 'exit 143' TERM INT HUP

# Begins a part; its words are those of swift test.
begin() {
    local name=$1
    shift
    "$bundle" --testing-library swift-testing "$@" >"$folder/$name" 2>&1 &
    children+=($!)
    names+=("$name")
}

# Waits for all parts that have begun, and tells what they said.
finish() {
    local status=0 place
    for place in "${!children[@]}"; do
        wait "${children[place]}" || status=1
        echo "==== tests: ${names[place]}"
        cat "$folder/${names[place]}"
        # Nothing is skipped in silence.
        grep -q 'Test run with [1-9][0-9]* test.* passed' "$folder/${names[place]}" || status=1
    done
    children=() names=()
    if [ "$status" -ne 0 ]; then
        echo "==== tests FAILED" >&2
        exit 1
    fi
}

begin lives --filter '^(SimulationTests|MethodTunnelTests)\.'
begin units --skip '^(SimulationTests|MethodTunnelTests|EndToEndTests|AllocationTests)\.'
finish
begin end-to-end-1 --no-parallel --filter '^EndToEndTests\.EndToEndTests/[ABD-L]'
begin end-to-end-2 --no-parallel --filter '^EndToEndTests\.EndToEndTests/C'
begin end-to-end-3 --no-parallel --filter '^EndToEndTests\.EndToEndTests/[MNOP]'
begin end-to-end-4 --no-parallel --filter '^EndToEndTests\.EndToEndTests/[Q-S]'
begin end-to-end-5 --no-parallel --filter '^EndToEndTests\.EndToEndTests/[^A-S]'
finish
begin alone --no-parallel --filter '^(EndToEndTests\.AloneTests/|AllocationTests\.)'
finish
