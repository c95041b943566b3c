#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# limits - limits that the kernel really enforces, in scopes of a real systemd --user
bats_require_minimum_version 1.5.0
load ../cli/helpers

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

no_scopes() {
  [[ -z $(systemctl --user list-units --all --plain --no-legend 'usr-ct-*.scope') ]]
}

setting() { # NAME FILE
  cat "$(container_cgroup "$1")/$2"
}

# Fills 200 MB of memory that cannot be dropped.
greedy='dd if=/dev/zero of=/dev/null bs=200M count=1 2>/dev/null'

@test "limits: what is asked for is what the kernel has" {
  usr-ct run -d --name ct -m 64m --memory-reservation 32m --cpus 0.5 --cpu-shares 1024 --pids-limit 20 "$B" sleep 1000
  [[ $(setting ct memory.max) == 67108864 ]]
  [[ $(setting ct memory.swap.max) == 67108864 ]]
  [[ $(setting ct memory.low) == 33554432 ]]
  [[ $(setting ct cpu.max) == "50000 100000" ]]
  [[ $(setting ct cpu.weight) == 39 ]]
  [[ $(setting ct pids.max) == 20 ]]
}

@test "limits: memory: who needs more is killed, and told so" {
  run_ct -137 run --name ct -m 32m --memory-swap 32m "$B" sh -c "exec $greedy"
  assert_has "$stderr" "ran out of memory"
  [[ $(inspect_field ct .State.OOMKilled) == true ]]
  [[ $(inspect_field ct .State.ExitCode) == 137 ]]
  run_ct -0 events --since 1h --until 0s --filter event=oom
  [ "${#lines[@]}" -ge 1 ]
  # The next run starts with a clean record.
  usr-ct update --memory 512m --memory-swap 512m ct
  run_ct -0 start -a ct
  [[ $(inspect_field ct .State.OOMKilled) == false ]]
}

@test "limits: memory: the death of one process is not that of the container" {
  run_ct -0 run --name ct -m 32m --memory-swap 32m "$B" sh -c "$greedy; echo went on"
  assert_output "went on"
  assert_has "$stderr" "killed a process"
  [[ $(inspect_field ct .State.OOMKilled) == true ]]
}

@test "limits: memory: with --rm the client still says why" {
  run_ct -137 run --rm -m 32m --memory-swap 32m "$B" sh -c "exec $greedy"
  assert_has "$stderr" "ran out of memory"
}

@test "limits: processes" {
  run_ct run --rm --pids-limit 5 "$B" sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; wait'
  [ "$status" != 0 ]
  assert_has "$stderr" "fork"
}

@test "limits: processor time is throttled" {
  usr-ct run -d --name ct --cpus 0.2 "$B" sh -c 'while :; do :; done'
  throttled() { [[ $(setting ct cpu.stat | sed -n 's/^nr_throttled //p') -gt 3 ]]; }
  wait_until throttled
}

@test "limits: inside, the container cannot raise its own" {
  run_ct run --rm -m 64m "$B" sh -c 'echo max >/sys/fs/cgroup/memory.max'
  [ "$status" != 0 ]
}

@test "limits: update changes a running container, or nothing" {
  usr-ct run -d --name ct -m 64m "$B" sleep 1000
  run_ct -0 update --memory 128m --pids-limit 30 ct
  [[ $(setting ct memory.max) == 134217728 ]]
  [[ $(setting ct memory.swap.max) == 134217728 ]]
  [[ $(setting ct pids.max) == 30 ]]
  [[ $(inspect_field ct .OCI.linux.resources.memory.limit) == 134217728 ]]
  # io is not delegated by default: nothing of this may stay
  usr-ct update --pids-limit 31 --cpuset-cpus 0 ct || {
    [[ $(setting ct pids.max) == 30 ]]
    [[ $(inspect_field ct .OCI.linux.resources.pids.limit) == 30 ]]
  }
  run_ct -0 update --memory 0 ct
  [[ $(setting ct memory.max) == max ]]
}

@test "limits: update: a limit below what is in use is refused" {
  usr-ct run -d --name ct "$B" sh -c 'dd if=/dev/zero of=/dev/shm/x bs=1M count=40; echo ready; sleep 1000'
  wait_until log_has ct ready
  run_ct -1 update --memory 16m ct
  assert_error 1804 "would kill"
  is_state ct running
}

@test "limits: stats come from the cgroup" {
  usr-ct run -d --name ct -m 64m "$B" sleep 1000
  run_ct -0 stats --no-stream --format '{{.Estimated}} {{.MemLimit}} {{.PIDs}}' ct
  assert_output "false 67108864 1"
}

@test "limits: a delegated unit whose only processes are ours" {
  id=$(systemd-run --user --collect --pipe --wait -p Delegate=yes --unit uct-limits \
    usr-ct run --rm --name ct -m 64m "$B" cat /sys/fs/cgroup/memory.max)
  [[ $id == 67108864 ]]
}

@test "limits: doctor tells which controllers there are" {
  run_ct doctor --json
  assert_has "$(jq -r '.[] | select(.id == "cgroup") | .reason' <<<"$output")" "controllers cpu, memory, pids"
}
