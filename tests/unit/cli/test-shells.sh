#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test-shells - the completion scripts in their shells, over the double of the library
# usage: test-shells.sh PROGRAM COMPLETIONS-DIRECTORY
#
# bash: readline's part is played by setting COMP_*; zsh: the widgets are replaced by ones that
# print what they are given; fish completes for real.
set -u
program=$(realpath "$1")
scripts=$(realpath "$2")
export scripts
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
ln -s "$program" "$work/usr-ct"
mkdir "$work/src" "$work/other"
cd "$work" || exit 99
export PATH=$work:$PATH HOME=$work
failed=0

expect() { # NAME EXPECTED GOT
	[[ $2 == "$3" ]] && return
	printf '%s\n  expected: %s\n  got:      %s\n' "$1" "$2" "$3"
	failed=1
}

# --- bash: LINE as readline splits it, "|" between the words that it makes
try_bash() {
	local got
	got=$(bash --norc -c '
		source "$scripts/usr-ct.bash"
		IFS="|" read -r -a COMP_WORDS <<<"$1|"
		COMP_LINE=$2 COMP_POINT=${#2} COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_usr_ct
		echo "${COMPREPLY[*]}"' - "$1" "$2" 2>/dev/null)
	expect "bash: $2" "$3" "$got"
}
try_bash 'usr-ct|sto' 'usr-ct sto' 'stop'
try_bash 'usr-ct|rm|' 'usr-ct rm ' 'job made web db'
try_bash 'usr-ct|run|alpine|:|3' 'usr-ct run alpine:3' '3.20'
try_bash 'usr-ct|run|registry.example|:|5000/' 'usr-ct run registry.example:5000/' '5000/team/db:9'
try_bash 'usr-ct|run|--network|=|private|:|p' 'usr-ct run --network=private:p' 'pasta'
try_bash 'usr-ct|run|--pull|=' 'usr-ct run --pull=' 'missing always never newer'
try_bash 'usr-ct|run|-v|./s' 'usr-ct run -v ./s' './src'
try_bash 'usr-ct|run|--volume|=|./s' 'usr-ct run --volume=./s' './src'
try_bash 'usr-ct|run|-v|./src|:|/x|:|r' 'usr-ct run -v ./src:/x:r' 'ro rw'

# --- zsh
try_zsh() { # PREFIX EXPECTED WORD...
	local prefix=$1 expected=$2 got
	shift 2
	got=$(zsh -f -c '
		compdef() { :; }
		_describe() { print -rl -- "${(@P)5}"; }
		_files() { print -r -- "files $*"; }
		compset() { print -r -- "compset $*"; }
		source "$scripts/_usr-ct"
		PREFIX=$1
		shift
		words=(usr-ct "$@" "$PREFIX") CURRENT=$#words
		_usr-ct' - "$prefix" "$@" 2>&1 | tr '\n' ' ')
	expect "zsh: usr-ct $* $prefix" "$expected" "${got% }"
}
if command -v zsh >/dev/null; then
	try_zsh '' 'web:nginx:1.27, Up 2 minutes db:registry.example:5000/team/db:9, Up 4 minutes (unmonitored)' stop
	try_zsh '4' 'alpine\:latest:7.8MB, pulled 5 minutes ago alpine\:3.20:7.8MB, pulled 5 minutes ago registry.example\:5000/team/db\:9:1.24GB, pulled About a minute ago 40123456789a:0B, pulled 2 hours ago' run
	try_zsh 'j' 'table json' images --format
	try_zsh '--pull=a' '--pull=missing --pull=always --pull=never --pull=newer' run
	try_zsh './s' 'files ' run -v
	try_zsh '--volume=./s' 'compset -P --volume= files ' run
else
	echo "zsh is not installed: not tried"
fi

# --- fish
try_fish() {
	local got
	got=$(fish --no-config -c "source $scripts/usr-ct.fish; complete -C'$1'" 2>&1 | tr '\n\t' '; ')
	expect "fish: $1" "$2" "${got%;}"
}
if command -v fish >/dev/null; then
	try_fish 'usr-ct sto' 'stop Ask containers to end, kill those that do not'
	try_fish 'usr-ct run --pull=a' '--pull=always'
	try_fish 'usr-ct run alpine:3' 'alpine:3.20 7.8MB, pulled 5 minutes ago'
	try_fish 'usr-ct run -v ./s' './src/'
	try_fish 'usr-ct run --volume=./s' '--volume=./src/'
else
	echo "fish is not installed: not tried"
fi
exit $failed
