#!/bin/sh
# Fuzzes each of the parsers for SECONDS; fails at the first false claim.
# usage: Tests/Fuzz/run.sh SECONDS
set -eu

seconds=${1:?usage: Tests/Fuzz/run.sh SECONDS}
cd "$(dirname "$0")/../.."
build=.build-fuzz
mkdir -p "$build"

# A crash would otherwise leave the backtracer hanging.
export SWIFT_BACKTRACE=enable=no
flags="-O -swift-version 6 -parse-as-library -wmo -sanitize=fuzzer,address -I $build \
    -enable-upcoming-feature InternalImportsByDefault"

for module in Internet Connect MethodTunnel; do
    # shellcheck disable=SC2086
    swiftc $flags -module-name "$module" -emit-module-path "$build/$module.swiftmodule" \
        -c "Sources/$module"/*.swift -o "$build/$module.o"
done

for target in head authority message lane hello; do
    # The ClientHellos of the corpus have up to 2 KiB.
    length=512
    [ "$target" != hello ] || length=2300
    # shellcheck disable=SC2086
    swiftc $flags -module-name "${target}Fuzz" "Tests/Fuzz/$target.swift" \
        "$build/Internet.o" "$build/Connect.o" "$build/MethodTunnel.o" \
        -o "$build/$target" 2>"$build/$target.log" || {
        cat "$build/$target.log" >&2
        exit 1
    }
    # New finds go to the first folder, the committed corpus is only read.
    mkdir -p "$build/corpus/$target"
    "$build/$target" "$build/corpus/$target" "Tests/Fuzz/corpus/$target" \
        -max_total_time="$seconds" -max_len="$length" -timeout=10 -print_final_stats=1 \
        -artifact_prefix="$build/$target-"
    echo "$target: no claim was false in $seconds seconds"
done
