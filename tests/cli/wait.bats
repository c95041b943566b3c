#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# wait - until a container is what one waits for
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
  [[ -z ${waiter:-} ]] || kill "$waiter" 2>/dev/null || true
  remove_all_and_check
}

@test "wait: exit statuses, in the order of the arguments" {
  usr-ct run -d --name slow --network none -v "$PWD:/d" "$B" sh -c 'while ! test -e /d/go; do usleep 10000; done; exit 7'
  usr-ct run -d --name fast --network none "$B" sh -c 'exit 3'
  usr-ct wait slow fast >out 2>&1 3>&- &
  waiter=$!
  touch go
  wait "$waiter"
  [ "$(cat out)" = "7
3" ] || { cat out; false; }
  run_ct -0 wait slow fast
  assert_output "7
3"
}

@test "wait: of one that removes itself" {
  usr-ct run -d --rm --name brief --network none -v "$PWD:/d" "$B" sh -c 'while ! test -e /d/go; do usleep 10000; done; exit 9'
  usr-ct wait --condition removed brief >out 2>&1 3>&- &
  waiter=$!
  usr-ct wait brief >out2 2>&1 3>&- &
  second=$!
  wait_until is_state brief running
  touch go
  wait "$waiter"
  wait "$second"
  [ "$(cat out out2)" = "9
9" ] || { cat out out2; false; }
}

@test "wait: a killed one is 137, an unknown one an error" {
  usr-ct run -d --name shot --network none "$B" sleep 1000
  usr-ct wait shot >out 2>&1 3>&- &
  waiter=$!
  usr-ct kill shot
  wait "$waiter"
  [ "$(cat out)" = 137 ]
  run_ct -1 wait no-such-container shot
  assert_error 1401
  assert_output 137
  run_ct -0 wait --ignore no-such-container
  assert_output -1
}

@test "wait: conditions running, next-exit, removed" {
  usr-ct create --name later --network none "$B" sh -c 'exit 4'
  usr-ct wait --condition next-exit later >next 2>&1 3>&- &
  waiter=$!
  usr-ct wait --condition removed later >gone.out 2>&1 3>&- &
  gone=$!
  run_ct -0 wait later
  assert_output 0
  usr-ct start later
  wait_until is_state later exited
  usr-ct start later 2>/dev/null || true
  wait "$waiter"
  [ "$(cat next)" = 4 ]
  wait_until is_state later exited
  usr-ct rm later
  wait "$gone"
  usr-ct run -d --name up --network none "$B" sleep 1000
  run_ct -0 wait --condition running up
  usr-ct stop -t 0 up
}
