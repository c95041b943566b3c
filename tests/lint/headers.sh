#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# headers - every header compiles alone; the public ones also as strict C11 and as C++
set -euo pipefail
cd "$1"
# Not headers: tables that are included in the middle of something.
tables=" src/base/err-codes.h "
flags=(-fsyntax-only -Wall -Wextra -Werror -Wno-unused-function)
bad=0

check() { # HEADER COMPILER...
  local header=$1 out
  shift
  out=$("$@" -include "$header" /dev/null 2>&1) || {
    printf '%s:1: does not compile alone with %s\n%s\n' "$header" "$1" "$(head -5 <<<"$out")"
    bad=1
  }
}

while read -r header; do
  [[ $tables != *" $header "* ]] || continue
  [[ $header != src/base/banned.h ]] || continue # comes before everything by -include
  check "$header" "${CC:-cc}" "${flags[@]}" -std=gnu17 -D_GNU_SOURCE -include src/base/banned.h -Isrc -Iinclude \
    -Ihelpers -x c
done < <(find src helpers include -name '*.h' | sort)
while read -r header; do
  check "$header" "${CC:-cc}" "${flags[@]}" -std=c11 -Wpedantic -Iinclude -x c
  check "$header" "${CXX:-c++}" "${flags[@]}" -std=c++11 -Wpedantic -Iinclude -x c++
done < <(find include -name '*.h' | sort)
exit "$bad"
