#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kernel - what Linux 6.1 does not have: the other way is taken, or an error says what is missing
#
# Here newer flags and options are refused; in the virtual machine (tests/vm) it is a real 6.1.
# sessions: kernel:6.1
bats_require_minimum_version 1.5.0
load ../helpers

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

@test "kernel: info and doctor tell what is used here" {
  run_ct -0 info --format '{{.StorageDriver}}'
  assert_output plain
  run_ct doctor --json
  overlay=$(jq -r '.[] | select(.id == "overlay") | .reason' <<<"$output")
  [ -n "$overlay" ]
  assert_lacks "$overlay" "by descriptor"
  assert_lacks "$overlay" "data-only"
}

@test "kernel: objects, which need Linux 6.16, are refused when asked for by name" {
  USRCT_STORAGE_DRIVER=objects run_ct -1 pull "oci:$IMAGES/oci:layers"
  assert_error 1314 "does not work here"
  assert_has "$stderr" 6.16
}

@test "kernel: as many layers as an image of Docker's may have, in one page of options" {
  python3 "$BATS_TEST_DIRNAME/../../fixtures/many-layers.py" "$IMAGES/oci" busybox many 126
  run_ct -0 run --rm --network none "oci:$PWD/many:many" cat /many/last
  assert_output 126
  usr-ct rmi -f "oci:$PWD/many:many"
}

@test "kernel: mount swap takes the old one away first, and the place is the new one's then" {
  mkdir one two
  echo one >one/f
  echo two >two/f
  usr-ct run -d --name box --network none "$B" sleep 1000
  usr-ct mount add box ./one:/x
  run_ct -0 mount swap box ./two:/x
  run_ct -0 exec box cat /x/f
  assert_output two
  run_ct -0 exec box grep -c ' /x ' /proc/self/mountinfo
  assert_output 1
}
