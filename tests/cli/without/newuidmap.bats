#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# without newuidmap - the set-uid programs are missing or cannot be executed
bats_require_minimum_version 1.5.0
load ../helpers

setup_file() {
  setup_store
}
teardown_file() {
  teardown_store
}
teardown() {
  remove_all_and_check
}

@test "without newuidmap: an error that names the package" {
  run_ct run --rm "$REGISTRY/busybox" id -u
  if [ "$status" = 0 ]; then
    assert_output 0
  else
    assert_status 125
    assert_error 1702 newuidmap
    assert_has "$stderr" uidmap
  fi
}

@test "without newuidmap: doctor names it" {
  run_ct doctor
  assert_has "$output" newuidmap
}
