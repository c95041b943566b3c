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
