#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check-cli-md - fails if docs/cli.md is not what the command table says
# usage: check-cli-md.sh PROGRAM FILE
set -eu
if ! "$1" __cli-md | diff -u "$2" -; then
	echo "run: usr-ct __cli-md > docs/cli.md"
	exit 1
fi
