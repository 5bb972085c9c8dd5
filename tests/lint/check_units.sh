#!/usr/bin/env bash
# Fails when systemd would not take the units in installer/systemd, or rates the service's exposure above 2 of 10.
# Usage: check_units.sh ROOT TARN
set -euo pipefail
cd "$1"
command -v systemd-analyze >/dev/null || { echo "no systemd here to ask"; exit 77; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp installer/systemd/tarn-serve.* "$folder"
# The program is not installed yet: the one that was built stands in for it.
sed -i "s|/usr/local/bin/tarn|$2|" "$folder/tarn-serve.service"
# What is said of other units on this machine is not ours.
said=$(systemd-analyze verify --man=no "$folder/tarn-serve.service" "$folder/tarn-serve.socket" 2>&1) || {
    echo "$said"
    exit 1
}
if grep -F tarn-serve <<<"$said"; then
    exit 1
fi
systemd-analyze security --offline=true --threshold=20 "$folder/tarn-serve.service" >"$folder/security" || {
    cat "$folder/security"
    exit 1
}
