#!/usr/bin/env bash
# Fails when a source file is not as clang-format would write it. Usage: check_format.sh ROOT
set -euo pipefail
cd "$1"
find core ui app tests \( -name '*.h' -o -name '*.cpp' \) -print0 | xargs -0 clang-format-14 --dry-run -Werror
