#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# compat-images - what scripts for docker and podman do with images, and expect of it
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox layers
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
  BUSYBOX=$REGISTRY/busybox LAYERS=$REGISTRY/layers
}
teardown() {
  local name
  usr-ct images --format '{{.Repository}}:{{.Tag}}' | while read -r name; do
    [[ $name == "$BUSYBOX:latest" || $name == "$LAYERS:latest" ]] || usr-ct rmi -f "$name" >/dev/null 2>&1
  done
  usr-ct ps -aq | xargs -r usr-ct rm -f >/dev/null
  usr-ct image prune -f >/dev/null
  assert_nothing_left
}

# The commit of a container that wrote one file.
commit_one() { # NAME [OPTION...]
  usr-ct create --name made "$BUSYBOX" true >/dev/null
  usr-ct commit -q "${@:2}" made "$1"
  usr-ct rm made >/dev/null
}

@test "compat: .ID is the id in templates of inspect, for containers and images" {
  id=$(usr-ct image inspect -f '{{.Id}}' "$BUSYBOX")
  run_ct -0 inspect -f '{{.ID}}' "$BUSYBOX"
  assert_output "$id"
  run_ct -0 image inspect --format '{{.ID}}:{{len .ID}}' "$BUSYBOX"
  assert_output "$id:71"
  cid=$(usr-ct create --name box "$BUSYBOX" true)
  run_ct -0 container inspect -f '{{.ID}}' box
  assert_output "$cid"
}

@test "compat: tag needs a new name, and 'sha256' is none" {
  run_ct -125 tag "$BUSYBOX"
  assert_error 1101 "needs a NAME"
  for name in sha256:sometag sha256 docker.io/library/sha256:x; do
    run_ct -1 tag "$BUSYBOX" "$name"
    assert_error 1201 "reads like"
  done
  usr-ct create --name box "$BUSYBOX" true >/dev/null
  run_ct -1 commit box sha256:x
  assert_error 1201
  # Elsewhere nobody mistakes it for an id.
  run_ct -0 tag "$BUSYBOX" example.test/sha256:x
}

@test "compat: official names are one name" {
  for name in docker.io/odd index.docker.io/odd library/odd index.docker.io/library/odd; do
    run_ct -0 tag "$BUSYBOX" "$name:1"
  done
  run_ct -0 images --format '{{.Repository}}:{{.Tag}}' '*odd*'
  assert_output odd:1
}

@test "compat: a remark of commit and import is the image's, and in its history" {
  commit_one noted:1 -m "a remark"
  run_ct -0 image inspect -f '{{.Comment}}' noted:1
  assert_output "a remark"
  run_ct -0 history --format '{{.Comment}}' noted:1
  [ "${lines[0]}" = "a remark" ]
  usr-ct create --name box "$BUSYBOX" true >/dev/null
  usr-ct export box | usr-ct import -m imported - noted:2 >/dev/null
  run_ct -0 image inspect -f '{{.Comment}}' noted:2
  assert_output imported
}

@test "compat: times of history are whole seconds, in the user's zone" {
  run_ct -0 history --human=false "$BUSYBOX"
  [[ ${lines[1]} =~ \ [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\  ]] || { show; false; }
  # The same moment, three hours and a half further west.
  run_ct -0 history --format '{{.CreatedAt}}' "$BUSYBOX"
  utc=${lines[0]}
  TZ=ZONE+03:30 run_ct -0 history --format '{{.CreatedAt}}' "$BUSYBOX"
  [[ ${lines[0]} == *-03:30 ]] || { show; false; }
  [ "$(date -d "${lines[0]}" +%s)" = "$(date -d "$utc" +%s)" ]
}

@test "compat: a platform that is none is said to be, whatever the image is for" {
  for platform in bogus linux/ /amd64 linux/amd64/v1/x; do
    run_ct -1 pull -q --platform "$platform" "$BUSYBOX"
    assert_error 1102 "invalid platform"
  done
  for platform in linux amd64 x86_64 linux/amd64; do
    [[ $(uname -m) == x86_64 ]] || break
    run_ct -0 pull -q --platform "$platform" "$BUSYBOX"
  done
}
