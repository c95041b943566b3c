#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# without fuse - no /dev/fuse: the kernel's overlay is enough
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

@test "without fuse: containers run" {
  run_ct -0 run --rm "$REGISTRY/busybox" echo fine
  assert_output fine
}

@test "without fuse: doctor notes it" {
  run_ct doctor
  assert_has "$output" /dev/fuse
}

@test "without fuse: fuse-overlayfs that was asked for is refused, with what to do" {
  USRCT_MOUNT_BACKEND=fuse-overlayfs run_ct -125 run --rm --network none "$REGISTRY/busybox" true
  assert_error 1505 /dev/fuse
}
