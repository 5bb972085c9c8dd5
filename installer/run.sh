#!/usr/bin/env bash
# Builds Tarn and starts it: installs what is missing, builds, opens the desktop on the home grid of this computer and
# queues the files given. Without a display the same happens on the command line, and each file is fetched back and compared.
# Usage: installer/run.sh [FILE…]
set -euo pipefail

files=()
for file in "$@"; do
    [ -f "$file" ] || { echo "$file: not a file. Give the files to store, or none." >&2; exit 2; }
    files+=("$(realpath -- "$file")")
done

cd "$(dirname "$(realpath "$0")")/.."
installer/prerequisites.sh

cmake --preset release --log-level=WARNING >/dev/null
cmake --build --preset release --target tarn tarn-desktop

tarn=build/release/bin/tarn
profile=${XDG_DATA_HOME:-$HOME/.local/share}/tarn
[ -e "$profile/profile.json" ] || "$tarn" --profile "$profile" init --home

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec build/release/bin/tarn-desktop --profile "$profile" "${files[@]}"
fi

echo "There is no display here, so the window stays closed and the command line does the work." >&2
if [ ${#files[@]} -eq 0 ]; then
    echo "Give files to store them:  installer/run.sh FILE…" >&2
    exit 0
fi
copy=$(mktemp)
trap 'rm -f "$copy"' EXIT
for file in "${files[@]}"; do
    cap=$("$tarn" --profile "$profile" put "$file")
    printf '%s' "$cap" | "$tarn" --profile "$profile" get - -o "$copy"
    cmp -- "$file" "$copy"
    echo "$file: stored, fetched back, and the same byte for byte."
    printf '%s\n' "$cap"
done
