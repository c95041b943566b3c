#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# scopes - cgroups from the user's systemd, where none is delegated
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
  wait_until no_scopes
}

scopes() {
  systemctl --user list-units --all --plain --no-legend 'usr-ct-*.scope' | awk '{print $1}'
}

no_scopes() {
  [[ -z $(scopes) ]]
}

@test "scope: a container has one in usr-ct.slice, the monitor apart from it" {
  id=$(usr-ct run -d --name ct "$B" sleep 1000)
  scope=usr-ct-$id.scope
  [[ $(scopes) == "$scope" ]]
  [[ $(systemctl --user show -P Slice "$scope") == usr-ct.slice ]]
  [[ $(systemctl --user show -P Delegate "$scope") == yes ]]
  [[ $(systemctl --user show -P CollectMode "$scope") == inactive-or-failed ]]
  dir=$(container_cgroup ct)
  [[ $dir == */usr-ct.slice/$scope/ct ]]
  [[ $(cat "$dir/cgroup.procs") == "$(inspect_field ct .State.Pid)" ]]
  grep -qx "$(sed -n 's/^monitor=//p' "$XDG_DATA_HOME/usr-ct/containers/$id/state")" "${dir%/ct}/monitor/cgroup.procs"
  run_ct -0 stop -t 0 ct
}

@test "scope: the cgroup inside looks like the root" {
  run_ct -0 run --rm "$B" sh -c 'grep ^0:: /proc/self/cgroup'
  assert_output 0::/
}

@test "scope: pause works, and a start right after a stop" {
  usr-ct run -d --name ct "$B" sleep 1000
  run_ct -0 pause ct
  is_state ct paused
  run_ct -0 unpause ct
  usr-ct stop -t 0 ct
  run_ct -0 start ct
  is_state ct running
}

@test "scope: --cgroup-parent is a slice there" {
  usr-ct run -d --name ct --cgroup-parent uct-test.slice "$B" sleep 1000
  assert_has "$(container_cgroup ct)" /uct-test.slice/
  run_ct -125 run --rm --cgroup-parent group "$B" true
  assert_error 1806 slice
}

@test "scope: --cgroups=disabled asks for none" {
  usr-ct run -d --name ct --cgroups=disabled "$B" sleep 1000
  no_scopes
}

@test "scope: systemctl stop ends the container, and its monitor tells how" {
  id=$(usr-ct run -d --name ct "$B" sh -c 'trap "exit 9" TERM; echo ready; while :; do usleep 2000; done')
  wait_until log_has ct ready
  systemctl --user stop "usr-ct-$id.scope"
  wait_until is_state ct exited
  [[ $(inspect_field ct .State.ExitCode) == 9 ]]
}

@test "scope: of a start that fails at once nothing is left" {
  echo value >key
  for _ in 1 2 3 4 5; do
    run_ct -0 create --network none --name ct --secret id=a,src=./key "$B" true
    mv key away
    run_ct start -a ct
    assert_error 1126 a
    mv away key
    run_ct -0 rm ct
    wait_until no_scopes
  done
}

@test "scope: kill -9 of the monitor leaves nothing behind" {
  id=$(usr-ct run -d --name ct "$B" sleep 1000)
  kill -9 "$(sed -n 's/^monitor=//p' "$XDG_DATA_HOME/usr-ct/containers/$id/state")"
  wait_until eval 'usr-ct ps | grep -q unmonitored'
  run_ct -0 rm -f ct
  wait_until no_scopes
}

@test "scope: limits that systemd has no controllers for are refused" {
  [[ $(cat "/sys/fs/cgroup$(systemctl --user show -P ControlGroup)/cgroup.controllers") != *memory* ]] || return 0
  run_ct -125 run --rm -m 64m "$B" echo ran
  assert_error 1803 memory
  [ -z "$output" ]
}

@test "scope: without an answer from systemd containers run, and limits are refused" {
  mkdir -p run/systemd
  chmod -R 700 run
  # A socket that nobody listens at.
  python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.bind("run/systemd/private")'
  export XDG_RUNTIME_DIR=$PWD/run
  run_ct -0 run --rm "$B" echo fine
  assert_output fine
  run_ct -125 run --rm -m 64m "$B" echo ran
  assert_error 1805
}

@test "doctor: says that systemd is asked for cgroups" {
  run_ct doctor --json
  assert_has "$(jq -r '.[] | select(.id == "cgroup") | .reason' <<<"$output")" "your systemd makes a scope"
}
