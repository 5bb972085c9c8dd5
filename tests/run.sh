#!/usr/bin/env bash
# Passes all tests: installs what is missing, builds, sets up a real Tahoe-LAFS beside it, runs everything. With `asan` or
# `tsan` the unit, contract and sim tests run under sanitizers.
# Usage: tests/run.sh [release|asan|tsan|dev …]   (default: release)
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."

installer/prerequisites.sh python3-dev python3-venv clang-format-14 clang-tidy-14 git systemd

# The real Tahoe-LAFS, made once and again whenever its list of packages changes.
wanted=$(sha256sum <tests/interop/requirements.txt)
if [ "$(cat build/tahoe/requirements.sum 2>/dev/null)" != "$wanted" ]; then
    rm -rf build/tahoe
    /usr/bin/python3 -m venv build/tahoe
    build/tahoe/bin/pip install --quiet --disable-pip-version-check -r tests/interop/requirements.txt
    printf '%s\n' "$wanted" >build/tahoe/requirements.sum
fi

jobs=$(nproc)
failed=()
[ $# -gt 0 ] || set -- release
for preset in "$@"; do
    cmake --preset "$preset" --log-level=WARNING >/dev/null
    cmake --build --preset "$preset" -- --quiet
    case $preset in
        asan | tsan) labels=(-L 'unit|property|contract|sim|fuzz') ;;
        *) labels=() ;;
    esac
    echo "== $preset"
    ctest --preset "$preset" -j "$jobs" "${labels[@]}" || failed+=("$preset")
done
[ ${#failed[@]} -eq 0 ] || { echo "Tests failed: ${failed[*]}" >&2; exit 1; }
