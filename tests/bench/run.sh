#!/usr/bin/env bash
# Runs the benchmarks on the release build, against real Tahoe-LAFS in the same run.
# Usage: tests/bench/run.sh [encode|rtt|server|hold|store|rows|wan|small|big|memory|store-millions …]   JSON lines on stdout, tables on stderr.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/../.."
[ -x build/tahoe/bin/python ] || { echo "Run tests/run.sh once first: it sets up the real Tahoe-LAFS." >&2; exit 1; }
cmake --preset release --log-level=WARNING >/dev/null
cmake --build --preset release --target tarn tarn-desktop bench_client bench_encode bench_rtt bench_server \
    bench_store bench_buckets bench_upload_floor bench_rows >&2
export PYTHONDONTWRITEBYTECODE=1
exec build/tahoe/bin/python tests/bench/bench.py build/release "$@"
