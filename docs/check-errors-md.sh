#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-errors-md - fails if docs/errors.md is not what the table of codes says
# usage: check-errors-md.sh PROGRAM FILE
set -eu
if ! "$1" __errors-md | diff -u "$2" -; then
	echo "run: usr-ct __errors-md > docs/errors.md"
	exit 1
fi
