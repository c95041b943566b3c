#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# aliases - docker's long forms, the words of older tools, flags before the command
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox
  export IMG=$REGISTRY/busybox
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
}
teardown() {
  remove_all_and_check
}

@test "long forms: every container command" {
  run_ct -0 container create --name aa --network none "$IMG" sleep 1000
  run_ct -0 container start aa
  run_ct -0 container ls --format '{{.Names}}'
  assert_output aa
  run_ct -0 container ps -q
  run_ct -0 container list -q
  run_ct -0 container inspect -f '{{.State.Status}}' aa
  run_ct -0 container port aa
  run_ct -0 container rename aa bb
  run_ct -0 container restart -t 0 bb
  run_ct -0 container logs bb
  run_ct -0 container kill bb
  wait_until is_state bb exited
  run_ct -0 container stop bb
  run_ct -0 container rm bb
  run_ct -0 container run --rm --network none "$IMG" true
  run_ct -0 container prune -f
  run_ct -0 image ls -q
  run_ct -0 image inspect "$IMG"
  run_ct -0 system info
  run_ct -0 system df
}

@test "list: all containers, images by word or flag" {
  usr-ct create --name aa "$IMG" true >/dev/null
  run_ct -0 list
  assert_has "$output" aa
  run_ct -0 list -q
  [ "${#lines[@]}" = 1 ]
  run_ct -0 list containers --format '{{.Names}}'
  assert_output aa
  run_ct -0 list images
  assert_has "$output" busybox
  run_ct -0 list --images --format '{{.Repository}}'
  assert_output "$IMG"
  run_ct -125 list nonsense
  assert_error 1101
}

@test "delete: names, all, images" {
  usr-ct create --name aa "$IMG" true >/dev/null
  usr-ct create --name bb "$IMG" true >/dev/null
  usr-ct create --name cc "$IMG" true >/dev/null
  run_ct -0 delete aa
  assert_output aa
  run_ct -1 delete image "$IMG"
  assert_error 1210
  run_ct -1 delete nosuch
  run_ct -0 delete all
  [ "$(tr '\n' ' ' <<<"$output")" = "cc bb " ]
  usr-ct create --name image "$IMG" true >/dev/null
  run_ct -0 delete image
  run_ct -0 delete image "$IMG"
  [ -z "$(usr-ct images -q)" ]
  usr-ct pull "$IMG" >/dev/null
  run_ct -0 delete image all
  [ -z "$(usr-ct images -q)" ]
  usr-ct pull "$IMG" >/dev/null
}

@test "init: makes the store and says whether containers work" {
  export XDG_DATA_HOME=$BATS_TEST_TMPDIR/new
  run_ct -0 init
  assert_has "$output" "The store is $XDG_DATA_HOME/usr-ct."
  [ -d "$XDG_DATA_HOME/usr-ct/containers" ]
  run_ct -0 init
}

@test "flags before the command" {
  run_ct -0 -D ps
  run_ct -0 --log-level debug ps
  run_ct -0 --log-level=warn ps
  run_ct -0 -l info ps
  run_ct -0 --config "$BATS_TEST_TMPDIR" images
  run_ct -0 --root "$BATS_TEST_TMPDIR/other" info --format '{{.DataDir}}'
  assert_output "$BATS_TEST_TMPDIR/other"
  run_ct -0 --context default ps
  run_ct -125 --log-level loud ps
  assert_error 1102
  run_ct -125 -H unix:///var/run/docker.sock ps
  assert_error 1113
  run_ct -125 --context remote ps
  assert_error 1113
  run_ct -125 --config
  assert_error 1101
}
