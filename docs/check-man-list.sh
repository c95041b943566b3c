#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-man-list - fails if the commands that have manual pages are not those there are
# usage: check-man-list.sh PROGRAM NAME...
set -eu
program=$1
shift
listed=$(printf '%s\n' "$@")
there=$("$program" __man --list)
[ "$listed" = "$there" ] && exit 0
echo "docs/meson.build lists:" "$@"
echo "the command table has:" "$(echo "$there" | tr "\n" " ")"
exit 1
