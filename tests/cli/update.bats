#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# update - other limits and another restart policy for what exists
bats_require_minimum_version 1.5.0
load helpers

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

@test "update: a stopped container has them at its next start" {
  usr-ct create --name ct "$B" true
  run_ct -0 update --memory 64m --cpus 0.5 ct
  assert_output ct
  [[ $(inspect_field ct .OCI.linux.resources.memory.limit) == 67108864 ]]
  [[ $(inspect_field ct .OCI.linux.resources.cpu.quota) == 50000 ]]
  if ! has_controllers "$B"; then
    run_ct -1 start ct
    assert_error 1803
  fi
  # 0 takes limits away
  run_ct -0 update --memory 0 --cpus 0 ct
  run_ct -0 start -a ct
}

@test "update: what is refused changes nothing" {
  usr-ct run -d --name ct "$B" sleep 1000
  before=$(usr-ct inspect ct | jq -c '.[0].OCI')
  if ! has_controllers "$B"; then
    run_ct -1 update --memory 64m ct
    assert_error 1803 memory
    run_ct -1 update --memory 64m --restart always ct
  fi
  run_ct -1 update --memory 1m ct
  assert_error 1806
  run_ct -1 update --restart sometimes ct
  assert_error 1102
  run_ct -1 update --restart on-failure:x ct
  assert_error 1102
  run_ct -1 update --pids-limit 5 --restart sometimes ct
  [[ $(inspect_field ct .HostConfig.RestartPolicy.Name) == no ]]
  [[ $(usr-ct inspect ct | jq -c '.[0].OCI') == "$before" ]]
  run_ct -125 update ct
  assert_error 1101
  run_ct -125 update --latest
  assert_error 1101
  run_ct -125 update --blkio-weight 10 ct
  assert_error 1120 blkio-weight
  run_ct -125 update --memory x ct
  assert_error 1102
  run_ct -1 update --memory 64m no-such
  assert_error 1401
}

@test "update: the restart policy of a running container is in force at once" {
  usr-ct run -d --name ct "$B" sleep 1000
  pid=$(inspect_field ct .State.Pid)
  run_ct -0 update --restart always ct
  kill -9 "$pid"
  restarted() { [[ $(inspect_field ct .State.Pid) != "$pid" ]] && is_state ct running; }
  wait_until restarted
  run_ct -0 update --restart no ct
  kill -9 "$(inspect_field ct .State.Pid)"
  wait_until is_state ct exited
}

@test "update: a container that removes itself is not started again" {
  usr-ct run -d --rm --name ct "$B" sleep 1000
  run_ct -1 update --restart always ct
  assert_error 1101 "removes itself"
}

@test "update: an event tells" {
  usr-ct create --name told "$B" true
  usr-ct update --pids-limit 100 told
  run_ct -0 events --since 1h --until 0s --filter event=update --filter container=told
  [ "${#lines[@]}" = 1 ]
}
