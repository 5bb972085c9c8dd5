#!/usr/bin/env bash
# Runs clang-tidy over every source file of ours. A file that passed is not looked at again until it, a header, or the
# rules change. Usage: check_tidy.sh ROOT BUILD
set -euo pipefail
cd "$1"
build=$2
passed=$build/tidy
mkdir -p "$passed"
shared=$(cat .clang-tidy $(git ls-files '*.h') | sha256sum)

check() {
    local stamp
    stamp=$passed/$( (echo "$shared"; cat "$1") | sha256sum | cut -c1-40)
    [ -e "$stamp" ] && return 0
    clang-tidy-14 -p "$build" --quiet "$1" 2>/dev/null && touch "$stamp"
}
export -f check
export passed shared build

git ls-files 'core/*.cpp' 'ui/*.cpp' 'app/*.cpp' | xargs -P "$(nproc)" -I{} bash -c 'check {} || exit 1'
