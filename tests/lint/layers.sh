#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# layers - a folder includes only what lies below it (docs/ARCHITECTURE.md has the drawing)
#
# Every include of our own carries its folder, so the arrows between folders are found by grep.
set -euo pipefail
cd "$1"

# Who may include what, besides its own folder and base/. "usrct" is the public API.
declare -A may=(
  [base]=""
  [image]="" [store]="" [container]="" [network]="" [cgroup]="" [security]="" [build]="" [api]=""
  [engine]="usrct image store container network cgroup security build api"
  [cli]="usrct" [oci]="usrct" [daemon]="usrct api"
  [helpers/launch]="container network cgroup security"
  [helpers/hold]="security"
  [helpers/init]=""
  [helpers/fetch]="image"
  [helpers/check]="store"
  [helpers/load]="image store"
  [helpers/unpack]="store"
  [helpers/pack]="store container"
  [helpers/squeeze]="container"
  [helpers/sweep]="store"
  [helpers/probe]="security"
  [helpers/tidy]="usrct"
  [helpers/scope]="cgroup"
)

bad=0
complain() { # PLACE TEXT
  printf '%s: %s\n' "$1" "$2"
  bad=1
}

part_of() { # FILE -> the key in the table
  local path=$1
  case $path in
  src/*)
    path=${path#src/}
    printf '%s\n' "${path%%/*}"
    ;;
  helpers/*)
    path=${path#helpers/}
    path=${path%%/*}
    printf 'helpers/%s\n' "${path%.[ch]}"
    ;;
  esac
}

while IFS=: read -r file line text; do
  part=$(part_of "$file")
  if [[ -z ${may[$part]+known} ]]; then
    complain "$file:$line" "'$part' is not in the table of tests/lint/layers.sh"
    continue
  fi
  target=$(sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]\([^">]*\)[">].*/\1/p' <<<"$text")
  # A helper of several files finds its own beside it; everything else carries its folder.
  if [[ $file == helpers/*/* && -e ${file%/*}/$target && $target != */* ]]; then
    continue
  fi
  if [[ $text == *\"* && $target != */* ]]; then
    complain "$file:$line" "write the folder too: #include \"FOLDER/$target\""
    continue
  fi
  folder=${target%%/*}
  case $text in
  *\<usrct/*) ;;
  *\<*) continue ;; # the system's
  esac
  [[ $folder != base && $folder != "${part#helpers/}" ]] || continue
  # A helper's own files lie in a folder of its name: helpers/launch/x.h is "launch/x.h".
  [[ " ${may[$part]} " == *" $folder "* ]] ||
    complain "$file:$line" "$part may not include $folder/ (allowed: base${may[$part]:+ ${may[$part]}})"
done < <(find src helpers -name '*.[ch]' -exec grep -HnE '^[[:space:]]*#[[:space:]]*include' {} + || true)

# The public headers stand on their own.
while IFS=: read -r file line text; do
  [[ $text == *\<usrct/* || $text =~ \<(stdbool|stddef|stdint|sys/types)\.h\> ]] ||
    complain "$file:$line" "a public header includes only <usrct/...> and the language's own"
done < <(find include -name '*.h' -exec grep -HnE '^[[:space:]]*#[[:space:]]*include' {} + || true)
exit "$bad"
