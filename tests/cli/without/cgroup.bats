#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# without cgroup - no delegated subtree, as after su or on a v1 machine
bats_require_minimum_version 1.5.0
load ../helpers

setup_file() {
  setup_store busybox
}
teardown_file() {
  teardown_store
}
teardown() {
  remove_all_and_check
}

@test "without cgroup: containers run, stop and are removed, silently" {
  run_ct -0 run --rm "$REGISTRY/busybox" echo fine
  assert_output fine
  [ -z "$stderr" ]
  usr-ct run -d --name back "$REGISTRY/busybox" sleep 1000
  run_ct -0 stop -t 0 back
  run_ct -0 rm back
}

@test "without cgroup: limits are refused before anything runs, with the cure" {
  run_ct -125 run --rm -m 64m "$REGISTRY/busybox" echo ran
  assert_error 1802 memory
  [ -z "$output" ]
  usr-ct run -d --name ct "$REGISTRY/busybox" sleep 1000
  run_ct -1 update --memory 64m ct
  assert_error 1802
  run_ct -1 pause ct
  assert_error 1802
}

@test "without cgroup: stats and top know its processes all the same" {
  usr-ct run -d --name ct "$REGISTRY/busybox" sh -c 'sleep 1000 & echo ready; wait'
  wait_until log_has ct ready
  run_ct -0 stats --no-stream ct
  assert_has "${lines[1]}" "~"
  run_ct -0 stats --no-stream --format '{{.PIDs}} {{.Estimated}} {{.CPUPressure}}' ct
  assert_output "2 true --"
  run_ct -0 top ct pid,args
  [ "${#lines[@]}" = 3 ]
}
