#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# tidy - clang-tidy with the checks of .clang-tidy, all as errors
#
# Usage: tests/lint/tidy.sh BUILD [FILE...]        BUILD has compile_commands.json
set -uo pipefail
build=$(realpath "$1") || exit
shift
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
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
tidy() { # FILE... in NUL-separated stdin; one process for each processor
  # gcc's flags that clang does not know are not our concern here.
  xargs -0 -r -P "$(nproc)" -n 4 clang-tidy --quiet -p "$build" \
    --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument "$@" 2>&1
}

# err.c defines what tidy.h redefines.
status=0
{
  printf '%s\0' "${files[@]}" | { grep -zvx src/base/err.c || true; } |
    tidy "--extra-arg=-include$PWD/tests/lint/tidy.h" || status=1
  printf '%s\0' "${files[@]}" | { grep -zx src/base/err.c || true; } | tidy || status=1
  exit "$status"
} | sed -nE "s#^(.*/)?((src|helpers|include)/[^:]*:[0-9]+:[0-9]+): (error|warning): #\2: #p" | sort -u
exit "${PIPESTATUS[0]}"
