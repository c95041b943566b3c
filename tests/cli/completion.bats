#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# completion - what TAB offers, through the installed bash script, and what zsh and fish load
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox entry
  usr-ct run -d --name running-one "$REGISTRY/busybox" sleep 1000
  usr-ct run --name ended-one "$REGISTRY/busybox" true
}
teardown_file() {
  usr-ct rm -f running-one ended-one
  assert_nothing_left
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
}

script_of() { # SHELL
  case $1 in
  bash) printf '%s\n' "$USRCT_TEST_PREFIX/share/bash-completion/completions/usr-ct" ;;
  zsh) printf '%s\n' "$USRCT_TEST_PREFIX/share/zsh/site-functions/_usr-ct" ;;
  fish) printf '%s\n' "$USRCT_TEST_PREFIX/share/fish/vendor_completions.d/usr-ct.fish" ;;
  esac
}

# What bash would offer after these words; the last one is being typed.
offered() { # WORD...
  bash --norc -c '
    . "$1"
    shift
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMP_KEY=9
    COMPREPLY=()
    f=$(complete -p usr-ct | sed -n "s/.*-F \([^ ]*\).*/\1/p")
    "$f" usr-ct "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf "%s\n" "${COMPREPLY[@]}" | sed "s/ *$//"
  ' - "$(script_of bash)" usr-ct "$@"
}

offers() { # WANTED WORD...
  local wanted=$1
  shift
  offered "$@" | grep -qxF -- "$wanted" || fail "'$wanted' is not offered after '$*': $(offered "$@" | head -20)"
}

does_not_offer() { # UNWANTED WORD...
  local unwanted=$1
  shift
  ! offered "$@" | grep -qxF -- "$unwanted" || fail "'$unwanted' is offered after '$*'"
}

@test "completion: commands" {
  offers run ""
  offers run r
  offers images i
  does_not_offer images r
}

@test "completion: flags, and values of flags" {
  offers --read-only run --read
  offers --rm run --r
  offers never run --pull ""
  does_not_offer --read-only ps --
}

@test "completion: images after run" {
  run offered run ""
  assert_has "$output" busybox
  assert_lacks "$output" running-one
}

@test "completion: stop offers what runs, start what does not, rm both" {
  offers running-one stop ""
  does_not_offer ended-one stop ""
  offers ended-one start ""
  does_not_offer running-one start ""
  offers running-one rm ""
  offers ended-one rm ""
  offers running-one logs r
}

@test "completion: codes of explain" {
  offers UCT-1202 explain UCT-12
}

@test "completion: an empty store is no error" {
  XDG_DATA_HOME=$PWD/nothing run offered stop ""
  [ "$status" = 0 ]
  [ ! -e nothing ]
}

@test "completion: scripts for zsh and fish are installed and parse" {
  [ -s "$(script_of zsh)" ]
  head -1 "$(script_of zsh)" | grep -q '#compdef usr-ct'
  [ -s "$(script_of fish)" ]
  if command -v zsh; then zsh -n "$(script_of zsh)"; fi
  if command -v fish; then fish -n "$(script_of fish)"; fi
}

@test "completion: man pages are installed" {
  for page in usr-ct usr-ct-run usr-ct-pull; do
    [ -s "$USRCT_TEST_PREFIX/share/man/man1/$page.1" ] || [ -s "$USRCT_TEST_PREFIX/share/man/man1/$page.1.gz" ]
  done
}

@test "completion: starts no helper and writes nothing" {
  before=$(find "$XDG_DATA_HOME" "$XDG_RUNTIME_DIR" -newer "$BATS_TEST_FILENAME" -printf '%p %T@\n' 2>/dev/null | grep -v -- '-shm' | sort)
  offers running-one stop ""
  after=$(find "$XDG_DATA_HOME" "$XDG_RUNTIME_DIR" -newer "$BATS_TEST_FILENAME" -printf '%p %T@\n' 2>/dev/null | grep -v -- '-shm' | sort)
  [ "$before" = "$after" ]
}
