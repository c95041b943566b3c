#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# diff and export - what a container changed, and all that it has
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox layers
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

@test "diff: nothing, also of a container that ran" {
  usr-ct run --name box "$B" cat /etc/passwd >/dev/null
  run_ct -0 diff box
  assert_output ""
  usr-ct run --name vol -v "$PWD:/a/b" --tmpfs /t "$B" true
  run_ct -0 diff vol
  assert_output "A /a"
}

@test "diff: added, changed, deleted, with the directories on the way" {
  usr-ct run --name box "$B" sh -c 'mkdir -p /new/sub; echo x >/new/sub/x; echo y >>/etc/group
    rm /bin/args; chmod 600 /etc/passwd; chown 1000 /home; touch -d 2001-01-01 /bin/plain-file'
  run_ct -0 diff box
  assert_output "$(printf '%s\n' 'C /bin' 'D /bin/args' 'C /bin/plain-file' 'C /etc' 'C /etc/group' \
    'C /etc/passwd' 'C /home' 'A /new' 'A /new/sub' 'A /new/sub/x')"
}

@test "diff: a directory that was made anew" {
  usr-ct run --name box "$B" sh -c 'rm -r /home; mkdir -p /home/other; rm -r /tmp; echo file >/tmp'
  run_ct -0 diff box
  assert_output "$(printf '%s\n' 'C /home' 'D /home/app' 'A /home/other' 'C /tmp')"
}

@test "diff: of a running container; json as podman's" {
  usr-ct run -d --name box "$B" sh -c 'touch /etc/new; rm /etc/group; exec sleep 1000' >/dev/null
  added() { usr-ct diff box | grep -qx "A /etc/new"; }
  wait_until added
  run_ct -0 diff --format json box
  [ "$(jq -c . <<<"$output")" = '{"added":["/etc/new"],"changed":["/etc"],"deleted":["/etc/group"]}' ]
  run_ct -1 diff nosuch
  assert_error 1401
}

@test "export: the same tree, owners, attributes, links and holes; nothing of overlayfs" {
  usr-ct run --name box "$REGISTRY/layers" sh -c 'rm /bin/args; rm -r /home; mkdir /home
    ln /fixture/data/keep /etc/kept; mkdir /.hidden; chown 1000:1000 /.hidden'
  run_ct -0 export -o root.tar box
  tar tf root.tar >names
  run ! grep -E '\.wh\.|bin/args|home/app' names
  grep -qx .hidden/ names
  tar tvf root.tar --numeric-owner .hidden | grep -q ' 1000/1000 '
  # Into another container: the listing that the image's expectation was made with agrees.
  tar xf root.tar --to-stdout etc/kept | grep -qx keep
  tar --xattrs --xattrs-include='*' -tvvf root.tar etc/kept | grep -q user.note
  tar --xattrs --xattrs-include='*' -tvvf root.tar | grep -q security.capability
  tar --xattrs --xattrs-include='*' -tvvf root.tar >attributes
  run ! grep overlay attributes
  [ "$(stat -c %s root.tar)" -lt 50000000 ]
}

@test "export: what is mounted is not in it, what lies below is" {
  mkdir vol
  touch vol/secret
  usr-ct run -d --name box -v "$PWD/vol:/home/app" --tmpfs /etc "$B" sleep 1000 >/dev/null
  usr-ct export box >root.tar
  tar tf root.tar >names
  grep -qx etc/passwd names
  run ! grep secret names
  run ! grep -E '^(proc|sys|dev)/.' names
  usr-ct stop -t 0 box >/dev/null
  usr-ct export box | tar tf - | cmp - names
}

@test "export: refuses a terminal, a missing container, a directory that is not there" {
  usr-ct create --name box "$B" true >/dev/null
  run script -qec 'usr-ct export box' /dev/null
  assert_status 125
  assert_has "$output" terminal
  run_ct -1 export nosuch
  assert_error 1401
  run_ct export -o /no/such/dir/file box
  [ "$status" != 0 ]
  assert_has "$stderr" /no/such/dir
}

@test "export and commit are told as events" {
  usr-ct create --name box "$B" true >/dev/null
  usr-ct export box >/dev/null
  usr-ct commit -m why box told:1 >/dev/null
  run_ct -0 events --since 1h --until 0s --format json
  assert_has "$output" '"Action":"export"'
  assert_has "$output" '"Action":"commit"'
}
