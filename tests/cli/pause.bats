#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# pause - freezing containers and letting them go on
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

ticks() { # CONTAINER
  wc -l <"$XDG_DATA_HOME/usr-ct/containers/$(inspect_field "$1" .Id)/log"
}

@test "pause: nothing runs until unpause, and everybody says so" {
  usr-ct run -d --name ct "$B" sh -c 'while :; do echo tick; usleep 2000; done'
  wait_until log_has ct tick
  run_ct -0 pause ct
  assert_output ct
  is_state ct paused
  [[ $(inspect_field ct .State.Paused) == true && $(inspect_field ct .State.Running) == true ]]
  run_ct -0 ps
  assert_has "$output" "(Paused)"
  [[ $(cat "$(container_cgroup ct)/cgroup.freeze") == 1 ]]
  before=$(inspect_field ct .State.Pid)
  run_ct -0 unpause ct
  assert_output ct
  is_state ct running
  n=$(ticks ct)
  wait_until eval "[[ \$(ticks ct) -gt $n ]]"
  [[ $(inspect_field ct .State.Pid) == "$before" ]]
}

@test "pause: twice, of what does not run, of nothing" {
  usr-ct run -d --name ct "$B" sleep 1000
  usr-ct pause ct
  run_ct -1 pause ct
  assert_error 1807
  usr-ct unpause ct
  run_ct -1 unpause ct
  assert_error 1808
  usr-ct kill ct
  wait_until is_state ct exited
  run_ct -1 pause ct
  assert_error 1405
  run_ct -1 pause no-such
  assert_error 1401
  run_ct -125 pause
}

@test "pause: stop lets it go on, so that it hears the signal" {
  usr-ct run -d --name ct "$B" sh -c 'trap "exit 7" TERM; echo ready; while :; do usleep 2000; done'
  wait_until log_has ct ready
  usr-ct pause ct
  run_ct -0 stop -t 10 ct
  [[ $(inspect_field ct .State.ExitCode) == 7 ]]
}

@test "pause: a monitor that is asked to end lets the container hear it" {
  usr-ct run -d --name ct "$B" sh -c 'trap "exit 7" TERM; echo ready; while :; do usleep 2000; done'
  wait_until log_has ct ready
  usr-ct pause ct
  kill "$(sed -n 's/^monitor=//p' "$XDG_DATA_HOME/usr-ct/containers/$(inspect_field ct .Id)/state")"
  wait_until is_state ct exited
  [[ $(inspect_field ct .State.ExitCode) == 7 ]]
}

@test "pause: kill and rm -f end a paused container" {
  usr-ct run -d --name one "$B" sleep 1000
  usr-ct run -d --name two "$B" sleep 1000
  usr-ct pause one two
  run_ct -0 kill one
  wait_until is_state one exited
  [[ $(inspect_field one .State.ExitCode) == 137 ]]
  run_ct -0 rm -f two
}

@test "pause: all of several, and events tell" {
  usr-ct run -d --name three "$B" sleep 1000
  usr-ct run -d --name four "$B" sleep 1000
  run_ct -0 pause three four
  assert_output "three
four"
  usr-ct unpause three four
  run_ct -0 events --since 1h --until 0s --filter event=pause --filter event=unpause --filter container=three
  [ "${#lines[@]}" = 2 ]
}
