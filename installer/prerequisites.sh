#!/usr/bin/env bash
# Installs what building Tarn needs on Debian 12 and is not there yet. Needs root or sudo only when something is missing.
# Usage: prerequisites.sh [PACKAGE…]   (further packages that the caller needs)
set -euo pipefail

packages=(
    g++ cmake ninja-build ccache pkg-config
    qt6-base-dev qt6-base-dev-tools qt6-tools-dev qt6-tools-dev-tools qt6-l10n-tools
    qcoro-qt6-dev libcrypto++-dev libisal-dev libexpected-dev libyaml-cpp-dev libsqlite3-dev libboost-dev libnghttp2-dev
    libssl-dev
    fonts-dejavu-core
    "$@"
)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "These packages are missing, and installing them needs root: ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi
echo "Installing: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
