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

@test "without subids: cp, diff and commit see files that nobody may read" {
  usr-ct pull "$REGISTRY/busybox" >/dev/null
  cd "$BATS_TEST_TMPDIR"
  if ! usr-ct run -d --network none --name box "$REGISTRY/busybox" sh -c 'echo x >/tmp/f; chmod 0 /tmp/f; exec sleep 1000' >/dev/null; then
    return 0 # said in the first test
  fi
  has() { usr-ct diff box | grep -qx 'A /tmp/f'; }
  wait_until has
  usr-ct cp box:/tmp/f .
  chmod 600 f
  [ "$(cat f)" = x ]
  usr-ct cp f box:/etc/f
  usr-ct stop -t 0 box >/dev/null
  usr-ct cp f box:/etc/second
  usr-ct commit box one:1 >/dev/null
  [ "$(usr-ct run --rm --network none one:1 cat /etc/f /etc/second /tmp/f)" = "$(printf 'x\nx\nx')" ]
}

@test "without subids: exec, its tools, and live mounts" {
  usr-ct pull "$REGISTRY/busybox" >/dev/null
  cd "$BATS_TEST_TMPDIR"
  if ! usr-ct run -d --network none --name box "$REGISTRY/busybox" sleep 1000 >/dev/null; then
    return 0 # said in the first test
  fi
  run_ct -0 exec box sh -c 'id -u; hostname >/tmp/x; cat /tmp/x'
  assert_has "$output" 0
  run_ct -0 exec --tools "$REGISTRY/busybox" box sh -c 'cat /container/tmp/x; ps -o args'
  assert_has "$output" "sleep 1000"
  mkdir one
  echo 1 >one/f
  run_ct -0 mount add box ./one:/x:ro
  [ "$(usr-ct exec box cat /x/f)" = 1 ]
  run_ct -0 mount swap box ./one:/x
  usr-ct exec box sh -c 'echo 2 >/x/f'
  [ "$(cat one/f)" = 2 ]
  run_ct -0 mount rm box /x
}

@test "without subids: info in the first command of a session" {
  usr-ct info --format "{{json .IDMappings}}" >"$BATS_TEST_TMPDIR/told"
  [[ $(jq -r '.uidmap[0].size' "$BATS_TEST_TMPDIR/told") == 1 ]]
}
