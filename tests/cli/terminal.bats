#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# terminal - run -it on a real pseudo-terminal, as a person would use it
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox
}
teardown_file() {
  teardown_store
}
setup() {
  B=$REGISTRY/busybox
  cd "$BATS_TEST_TMPDIR"
}
teardown() {
  remove_all_and_check
}

# A person at a terminal; see fixtures/terminal.py for the steps.
person() {
  run "$BATS_TEST_DIRNAME/../fixtures/terminal.py" "$@"
  [ "$status" = 0 ] || { printf '%s\n' "$output"; false; }
}

@test "-it: the program has a terminal, and its exit status comes back" {
  person usr-ct run --rm -it "$B" sh -c 'test -t 0 && test -t 1 && test -t 2 && tty && echo "TERM=$TERM"; exit 5' \
    -- expect:/dev/ expect:TERM=xterm exit:5 restored
}

@test "-it: the terminal is raw while it runs, and as before afterwards" {
  person usr-ct run --rm -it "$B" sh -- 'expect:# ' raw 'send:echo "a"b\r' 'expect:ab' 'send:exit 3\r' exit:3 restored
}

@test "-it: the size is right from the start and follows the window" {
  person usr-ct run --rm -it "$B" sh -- 'expect:# ' 'send:stty size\r' 'expect:24 80' size:50x132 \
    'send:until stty size | grep -q 132; do usleep 1000; done; stty size\r' 'expect:50 132' 'send:exit\r' exit:0
}

@test "-it: Ctrl-C goes to the program, not to us" {
  person usr-ct run --rm -it "$B" sh -c 'trap "echo caught; exit 9" INT; echo ready; while :; do usleep 10000; done' \
    -- expect:ready 'send:\x03' expect:caught exit:9 restored
}

@test "-it: Ctrl-D ends the input" {
  person usr-ct run --rm -it "$B" cat -- 'send:text\r' expect:text expect:text 'send:\x04' exit:0 restored
}

@test "-it: a lone Ctrl-P is delivered, Ctrl-P Ctrl-Q detaches and it goes on" {
  person usr-ct run --name detached -it "$B" sh -- 'expect:# ' 'send:echo one\r' expect:one 'send:\x10\x11' exit:0 restored
  is_state detached running
}

@test "-it: killed by a signal, we leave the terminal as it was" {
  for signal in TERM HUP INT; do
    run "$BATS_TEST_DIRNAME/../fixtures/terminal.py" usr-ct run --rm -it "$B" sh -c 'echo ready; sleep 1000' \
      -- expect:ready raw "signal:$signal" restored
    [ "$status" = 0 ] || { printf '%s: %s\n' "$signal" "$output"; false; }
    usr-ct ps -aq | xargs -r usr-ct rm -f
  done
}

@test "-it: a terminal that goes away does not leave a client behind" {
  person usr-ct run --rm -it "$B" sh -- 'expect:# ' hangup
}

@test "-it: a program that cannot be run leaves the terminal as it was" {
  person usr-ct run --rm -it "$B" no-such-command -- expect:UCT-1408 exit:127 restored
}

@test "-it: the container is stopped by somebody else" {
  usr-ct run -d --name dummy "$B" true
  "$BATS_TEST_DIRNAME/../fixtures/terminal.py" usr-ct run --name stopped -it "$B" sh -c 'echo ready; sleep 1000' \
    -- expect:ready exit:137 restored >out 2>&1 3>&- &
  wait_until is_state stopped running
  usr-ct stop -t 0 stopped
  wait $! || { cat out; false; }
}

@test "-t: output of a terminal is one stream with carriage returns" {
  run --separate-stderr bash -c 'usr-ct run --rm -t "$1" sh -c "echo out; echo err >&2" </dev/null | od -c | head -3' - "$B"
  assert_has "$output" '\r'
  assert_has "$output" 'e   r   r'
}

@test "-it without a terminal is refused as Docker does, and nothing hangs" {
  run --separate-stderr within 20 usr-ct run --rm -it "$B" true </dev/null
  [ "$status" = 125 ] || { show; false; }
  assert_has "$stderr" terminal
}

@test "tmux: what a person sees in a real terminal emulator" {
  export TMUX_TMPDIR=$FILE_DIR
  tmux -f /dev/null new-session -d -x 100 -y 30 "usr-ct run --rm -it $B sh; echo back with \$?; read -r _"
  screen_has() { tmux capture-pane -p | grep -qF -- "$1"; }
  wait_until screen_has '/ #'
  tmux send-keys 'stty size; echo sum $((40 + 2))' Enter
  wait_until screen_has 'sum 42'
  wait_until screen_has '30 100'
  tmux resize-window -x 70 -y 20
  tmux send-keys 'clear; until stty size | grep -q 70; do usleep 1000; done; stty size' Enter
  wait_until screen_has '20 70'
  tmux send-keys 'exit 4' Enter
  wait_until screen_has 'back with 4'
  tmux kill-server
}
