#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# without subids - the user has no range in /etc/subuid and /etc/subgid
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

@test "without subids: containers run with one id, or the error says what to ask for" {
  run_ct run --rm "$REGISTRY/busybox" id -u
  if [ "$status" = 0 ]; then
    assert_output 0
  else
    assert_error 1701 sub
    assert_has "$stderr" usermod
  fi
}

@test "without subids: doctor names it and its fix" {
  run_ct doctor
  assert_has "$output" subuid
}
