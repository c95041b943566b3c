#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# names - the shared library exports usrct_ names and nothing else, and every public call is there
#
# Usage: names.sh SOURCE LIBRARY
set -euo pipefail
library=$(realpath "$2")
cd "$1"
bad=0
exported=$(nm -D --defined-only "$library" | awk '$2 ~ /[TDBRVW]/ { print $3 }' | sed 's/@.*//')
while read -r name; do
  case $name in
  usrct_* | USRCT_* | '') ;; # USRCT_0.1 is the version node itself
  __asan_* | __odr_asan* | __ubsan_* | __sanitizer_*) ;;
  *)
    echo "$library:1: exports '$name'; only usrct_ names may be seen from outside"
    bad=1
    ;;
  esac
done <<<"$exported"
while IFS=: read -r file line name; do
  grep -qx "$name" <<<"$exported" || {
    echo "$file:$line: $name() is promised here but the library does not export it"
    bad=1
  }
done < <(grep -nE '^USRCT_API' include/usrct/*.h |
  sed -nE 's/^([^:]*:[0-9]+):.*[ *](usrct_[a-z_0-9]+)\(.*/\1:\2/p')
exit "$bad"
