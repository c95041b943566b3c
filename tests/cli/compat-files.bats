#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# compat-files - cp as podman has it beyond docker: from one container into another
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox
  export IMG=$REGISTRY/busybox
}
teardown_file() {
  teardown_store
}
teardown() {
  remove_all_and_check
}

make_two() {
  usr-ct run -d --name from --network none "$IMG" sh -c \
    'mkdir -p /srv/sub; echo first >/srv/sub/file; chown 7:8 /srv/sub/file; ln -s file /srv/sub/link; touch /ready; exec sleep 1000'
  wait_until usr-ct exec from test -e /ready
  usr-ct create --name to --network none "$IMG" sleep 1000
}

@test "cp between containers: whether they run or not, by the same rules" {
  make_two
  run_ct -0 cp from:/srv to:/missing # becomes it
  assert_output ""
  run_ct -0 cp from:/srv/sub/file to:/etc/  # goes into it
  run_ct -0 cp to:/missing/. from:/back     # its contents
  run_ct -0 exec from cat /back/sub/file
  assert_output first
  run_ct -0 exec from readlink /back/sub/link
  assert_output file
  run_ct -0 cp -L from:/srv/sub/link to:/followed
  usr-ct start to
  run_ct -0 exec to sh -c 'cat /etc/file /followed; ls -d /missing/sub; test ! -L /followed'
  assert_output $'first\nfirst\n/missing/sub'
  run_ct -0 cp --pause=false from:/srv/sub/file to:/running
  run_ct -0 exec to cat /running
  assert_output first
  usr-ct rm -f -t 0 from to
}

@test "cp between containers: owners are the other one's root, or stay with -a" {
  make_two
  run_ct -0 cp from:/srv/sub/file to:/plain
  run_ct -0 cp -a from:/srv/sub/file to:/kept
  usr-ct start to
  run_ct -0 exec to stat -c %u:%g /plain /kept
  assert_output $'0:0\n7:8'
  usr-ct rm -f -t 0 from to
}

@test "cp within one container: where it runs, and else a clear error" {
  make_two
  run_ct -0 cp from:/srv from:/copy
  run_ct -0 exec from cat /copy/sub/file
  assert_output first
  run_ct -1 cp to:/etc to:/copy
  assert_error 1830
  usr-ct rm -f -t 0 from to
}

@test "cp between containers: one in each direction at the same time" {
  usr-ct create --name from --network none "$IMG" true
  usr-ct create --name to --network none "$IMG" true
  local i pids=()
  for i in 1 2 3 4 5; do
    within 60 usr-ct cp from:/etc "to:/etc$i" &
    pids+=($!)
    within 60 usr-ct cp to:/etc "from:/etc$i" &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  run_ct -0 diff from
  assert_has "$output" "A /etc5"
}

@test "cp between containers: what is not there, and what makes no sense" {
  make_two
  run_ct -1 cp from:/nosuch to:/
  assert_error 1460
  run_ct -1 cp from:/srv to:/nosuch/deeper
  assert_error 1460
  run_ct -1 cp from:/srv nosuch:/
  assert_error 1401
  run_ct -1 cp from:/srv to:/etc/passwd
  assert_error 1461
  # An empty word is a variable that was not set, and no directory.
  run_ct -125 cp '' to:/
  assert_error 1101
  run_ct -125 cp from:/srv ''
  assert_error 1101
  usr-ct rm -f -t 0 from to
}
