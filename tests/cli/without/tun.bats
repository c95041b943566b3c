#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# without tun - no /dev/net/tun: no private network, and that is said
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

@test "without tun: a private network is an error with a way out" {
  run_ct -125 run --rm "$REGISTRY/busybox" true
  assert_error 1602 /dev/net/tun
}

@test "without tun: no network and the host's work" {
  run_ct -0 run --rm --network none "$REGISTRY/busybox" echo fine
  run_ct -0 run --rm --network host "$REGISTRY/busybox" echo fine
}
