#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shell - shellcheck has nothing to say about any script
set -euo pipefail
cd "$1"
command -v shellcheck >/dev/null || { echo "shellcheck is not installed"; exit 77; }
mapfile -t scripts < <(
  {
    find . \( -name .git -o -name 'build*' \) -prune -o -type f \
      \( -name '*.sh' -o -name '*.bash' -o -name '*.bats' \) -print
    # Scripts without an extension are known by their first line.
    find .ci helpers tests completions -type f ! -name '*.*' \
      -exec grep -lE '^#!.*\b(ba)?sh\b' {} + || true
  } | sort -u
)
# SC1091: sourced files are checked by themselves. SC2016: a program for the container's shell stands
# in single quotes on purpose.
status=0
plain=() bats=()
for script in "${scripts[@]}"; do
  case $script in
  *.bats | *.bash) bats+=("$script") ;;
  *) plain+=("$script") ;;
  esac
done
shellcheck --format=gcc --exclude=SC1091,SC2016 "${plain[@]}" || status=1
# bats stops at a failing cd (SC2164), runs each test in a subshell (SC2030, SC2031), sets `stderr`
# (SC2154), and its load brings variables that the loading file uses (SC2034).
shellcheck --format=gcc --exclude=SC1091,SC2016,SC2030,SC2031,SC2034,SC2154,SC2164 "${bats[@]}" || status=1
exit "$status"
