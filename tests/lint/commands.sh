#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# commands - every command that is defined stands once in the table of src/cli/commands.c
#
# The linker does not miss one that is not, and merges of the list lose or double lines.
set -euo pipefail
cd "$1"

bad=0
listed=$(sed -n 's/^\t&\(cmd_[a-z_]*\),.*/\1/p' src/cli/commands.c | sort)
defined=$(sed -n 's/^const struct command \(cmd_[a-z_]*\) = {.*/\1/p' src/cli/*.c | sort)
while read -r name; do
  printf 'src/cli/commands.c: %s is defined and not listed\n' "$name"
  bad=1
done < <(comm -13 <(uniq <<<"$listed") <(printf '%s\n' "$defined"))
while read -r name; do
  printf 'src/cli/commands.c: %s is listed twice\n' "$name"
  bad=1
done < <(uniq -d <<<"$listed")
exit "$bad"
