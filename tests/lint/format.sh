#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# format - every C file is as clang-format would leave it
set -euo pipefail
cd "$1"
command -v clang-format >/dev/null || { echo "clang-format is not installed"; exit 77; }
status=0
find src helpers include tests -name '*.[ch]' -print0 |
  xargs -0 -r clang-format --dry-run -Werror 2>&1 |
  sed -n 's/^\([^ ]*:[0-9]*:[0-9]*\): error: \(.*\)/\1: \2 (fix: clang-format -i)/p' |
  { ! grep .; } || status=1
exit "$status"
