#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# without userns - the kernel refuses user namespaces (user.max_user_namespaces = 0)
bats_require_minimum_version 1.5.0
load ../helpers

setup_file() {
  setup_store
}
teardown_file() {
  rm -rf "$FILE_DIR"
}

@test "without userns: an error that says so, and nothing half-made" {
  run_ct -125 run --rm "$REGISTRY/busybox" true
  assert_error 1703
  run_ct -0 ps -aq
  assert_output ""
  assert_nothing_left
}

@test "without userns: what needs none still works" {
  run_ct -0 version
  run_ct -0 ps -a
  run_ct -0 images
}

@test "without userns: doctor names it" {
  run_ct doctor
  assert_has "$output" max_user_namespaces
}
