#!/bin/sh
# Runs every scenario briefly against a fresh Culvert, and drains it; fails if anything did.
# usage: Benchmarks/run.sh CULVERT CULVERT-BENCH
set -eu

culvert=${1:?usage: Benchmarks/run.sh CULVERT CULVERT-BENCH}
bench=${2:?usage: Benchmarks/run.sh CULVERT CULVERT-BENCH}
log=$(mktemp)
"$culvert" --listen 127.0.0.1:0 --allow-port any --allow-private 2>"$log" &
pid=$!
trap 'kill -9 "$pid" 2>/dev/null || true; rm -f "$log"' EXIT
trap 'exit 130' INT TERM

# It says where it listens, and then that it serves; or it ends.
until grep -q 'serving with' "$log"; do
    kill -0 "$pid" 2>/dev/null || {
        cat "$log" >&2
        exit 1
    }
    sleep 0.05
done
proxy=$(sed -n 's/.*listening on //p' "$log")

failed=''
run() {
    echo
    "$bench" "$@" --proxy "$proxy" --pid "$pid" || failed="$failed $1"
}
run verify --tunnels 2000
run hold --tunnels 5000 --duration 2s
run rate --duration 3s
run echo --duration 3s
run rate --rate 500 --duration 2s
run echo --rate 5000 --duration 2s
run mix --duration 3s --concurrency 200 --think 10ms-200ms --stream 1MiB-16MiB --stand 1s-5s
run hostile --duration 2s --rate 2000
run bulk --direction up --duration 2s
run bulk --direction down --duration 2s
run bulk --direction both --duration 2s

echo
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
trap 'rm -f "$log"' EXIT
if [ "$status" -ne 0 ] || ! grep -q 'drained$' "$log"; then
    cat "$log" >&2
    echo "culvert did not drain: it ended with status $status" >&2
    exit 1
fi
if [ -n "$failed" ]; then
    echo "FAILED:$failed" >&2
    exit 1
fi
echo "every scenario passed, and culvert drained"
