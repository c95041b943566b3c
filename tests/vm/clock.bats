#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# clock - the machine's clock jumps: containers, their logs and what waits for them do not care
bats_require_minimum_version 1.5.0
load ../cli/helpers

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

# tests/vm/guest sets the clock for us. Returns once it has been set. wait_until's deadline is of the
# clock that jumps; here the number of tries is bounded.
jump() { # SECONDS
  local before now tries
  before=$(date +%s)
  echo "$1" >/run/usrct-clock
  for ((tries = 0; tries < 1000; tries++)); do
    now=$(date +%s)
    if [[ $1 -gt 0 && $now -ge $((before + $1)) || $1 -le 0 && $now -lt $before ]]; then
      return
    fi
    read -rt 0.02 <> <(:) || true
  done
  fail "the clock did not jump"
}

lines() { # CONTAINER
  usr-ct logs "$1" | wc -l
}

for_both_directions() { # COMMAND...
  jump $((3 * 86400))
  "$@"
  jump $((-6 * 86400))
  "$@"
  jump $((3 * 86400))
}

goes_on() {
  local now
  is_state ticking running
  now=$(lines ticking)
  wait_until eval "[ \$(lines ticking) -gt $now ]"
  run_ct -0 ps
  assert_has "$output" "Up "

}

@test "clock: a jump of days in both directions stops neither the container nor its log" {
  usr-ct run -d --name ticking --network none "$B" sh -c 'i=0; while :; do echo $i; i=$((i + 1)); sleep 1; done'
  for_both_directions goes_on
  # In order, whatever the times say.
  usr-ct logs ticking >got
  seq 0 $(($(wc -l <got) - 1)) | diff - got
}

@test "clock: a stop's grace, and waiting, are not measured by it" {
  usr-ct run -d --name stubborn --network none "$B" stubborn
  wait_until log_has stubborn ready
  usr-ct stop -t 10 stubborn >/dev/null 3>&- &
  stopper=$!
  jump $((86400))
  jump $((-86400))
  wait "$stopper"
  is_state stubborn exited
  usr-ct rm stubborn
  usr-ct run -d --name short --network none "$B" sleep 5
  jump $((-86400))
  run_ct -0 wait short
  assert_output 0
  jump 86400
}
