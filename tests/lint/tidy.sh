#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tidy - clang-tidy with the checks of .clang-tidy, all as errors
#
# Usage: tests/lint/tidy.sh BUILD [FILE...]        BUILD has compile_commands.json
set -euo pipefail
build=$(realpath "$1")
shift
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
command -v clang-tidy >/dev/null || { echo "clang-tidy is not installed"; exit 77; }
files=("$@")
if [[ ${#files[@]} == 0 ]]; then
  mapfile -t files < <(
    python3 -c 'import json, sys, os
for c in json.load(open(sys.argv[1])):
    path = os.path.relpath(os.path.realpath(os.path.join(c["directory"], c["file"])))
    if path.startswith(("src/", "helpers/")):
        print(path)' "$build/compile_commands.json" | sort -u
  )
fi
# One process for each processor; gcc's flags that clang does not know are not our concern here.
printf '%s\0' "${files[@]}" |
  xargs -0 -P "$(nproc)" -n 4 clang-tidy --quiet -p "$build" \
    --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument \
    2> >(grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header-filter' >&2) |
  sed "s#^$PWD/##"
