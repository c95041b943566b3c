#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# session - what a login under systemd has: a manager, its bus, a journal, units of the user
bats_require_minimum_version 1.5.0
load ../helpers

setup_file() {
  setup_store busybox
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
}
teardown() {
  systemctl --user stop "uct-test-*" 2>/dev/null || true
  systemctl --user reset-failed 2>/dev/null || true
  remove_all_and_check
}

own_cgroup() { # PID
  sed -n 's/^0:://p' "/proc/$1/cgroup"
}

# Which unit of the user's manager a process belongs to.
unit_of() { # PID
  own_cgroup "$1" | grep -oE '[^/]+\.(service|scope)' | tail -1
}

unit_is() { # UNIT STATE
  [[ $(systemctl --user show -P ActiveState "$1") == "$2" ]]
}

@test "systemd: the user's manager, the bus and the journal answer" {
  run -0 within 60 systemctl --user is-system-running --wait
  run -0 busctl --user call org.freedesktop.systemd1 /org/freedesktop/systemd1 \
    org.freedesktop.DBus.Peer Ping
  systemd-cat -t uct-test echo "a line for the journal"
  wait_until eval 'journalctl --user -t uct-test -o cat | grep -qx "a line for the journal"'
  [[ $(unit_of self) == session-*.scope ]]
}

@test "systemd: doctor says what becomes of containers after a logout" {
  run_ct doctor --json
  if [[ -e /var/lib/systemd/linger/$USER ]]; then
    assert_has "$output" "containers go on when you have logged out"
  else
    assert_has "$output" "containers with it"
    assert_has "$(jq -r '.[] | select(.id == "logout") | .fix' <<<"$output")" enable-linger
  fi
}

@test "systemd: a container runs in a session, and nothing of it stays in it" {
  run_ct -0 run --rm "$REGISTRY/busybox" echo fine
  assert_output fine
  [ -z "$stderr" ]
  run_ct -0 run -d --name back "$REGISTRY/busybox" sleep 1000
  is_state back running
  run_ct -0 stop -t 0 back
  run_ct -0 rm back
}

delegated_unit() { # UNIT ARGUMENT-OF-RUN...: with a name of its own
  systemd-run --user --collect --unit "$1" -p Delegate=yes usr-ct run --rm --name below "${@:2}"
  wait_until is_state below running
}

@test "systemd: from a unit with Delegate=yes the container's cgroup is below the unit's" {
  delegated_unit uct-test-delegated "$REGISTRY/busybox" sleep 1000
  assert_has "$(own_cgroup "$(inspect_field below .State.Pid)")" uct-test-delegated.service/
  # It is marked now, whatever the manager's version: a second start asks nobody.
  [[ $(getfattr --only-values -n user.delegate \
    "/sys/fs/cgroup/user.slice/user-$UID.slice/user@$UID.service/app.slice/uct-test-delegated.service") == 1 ]]
  run_ct -0 exec below true
  run_ct -0 rm -f below
  wait_until unit_is uct-test-delegated.service inactive
}

@test "systemd: in a unit with Delegate=yes --cgroup-parent is a path below it" {
  delegated_unit uct-test-parent --cgroup-parent some/where "$REGISTRY/busybox" sleep 1000
  assert_has "$(own_cgroup "$(inspect_field below .State.Pid)")" uct-test-parent.service/some/where/
  run_ct -0 rm -f below
}

@test "systemd: from a unit that is not delegated the container gets a scope" {
  systemd-run --user --collect --unit uct-test-plain usr-ct run --rm --name beside "$REGISTRY/busybox" sleep 1000
  wait_until is_state beside running
  assert_has "$(own_cgroup "$(inspect_field beside .State.Pid)")" /usr-ct.slice/usr-ct-
  run_ct -0 rm -f beside
  run systemd-run --user --collect --pipe --wait usr-ct run --rm --cgroup-parent some/where "$REGISTRY/busybox" true
  [ "$status" = 125 ]
  assert_has "$output" "NAME.slice"
}

@test "systemd: a container as a service lives and ends as one, and its output is in the journal" {
  systemd-run --user --collect --unit uct-test-service -p Delegate=yes -p KillMode=mixed \
    usr-ct run --rm --name served "$REGISTRY/busybox" signals
  wait_until eval 'journalctl --user -u uct-test-service -o cat | grep -qx ready'
  is_state served running
  unit_is uct-test-service.service active
  # SIGTERM to the client is forwarded, the program ends with 40, and so does the service.
  systemctl --user stop uct-test-service
  wait_until eval 'journalctl --user -u uct-test-service -o cat | grep -qx "got TERM"'
  run_ct -0 ps -aq
  assert_output ""
}

@test "systemd: a service's exit status is the container's" {
  run systemd-run --user --wait --collect --unit uct-test-status \
    usr-ct run --rm "$REGISTRY/busybox" sh -c 'exit 3'
  [ "$status" = 3 ]
}
