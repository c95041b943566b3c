#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# limits - flags for limits, and what happens where no controller is at hand
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

@test "limits: values that make no sense are refused with the flag's name" {
  for bad in "-m 1x" "-m -1" "--memory-swap x" "--cpus two" "--pids-limit many" "--cpu-shares 1.5"; do
    # shellcheck disable=SC2086 # a flag and its value
    run_ct -125 run $bad "$B" true
    assert_error 1102 "--"
  done
}

@test "limits: contradictions are refused before anything is made" {
  for bad in "-m 4m" "--memory-swap 1g" "-m 1g --memory-swap 64m" "-m 64m --memory-reservation 128m" \
    "--cpus 1 --cpu-quota 50000" "--cpus 0.001" "--cpus 100000" "--cpu-period 5" "--cpu-quota 5" \
    "--cpu-shares 1" "--cpuset-cpus 0-" "--cpuset-cpus 8000" "--cgroup-parent ../x"; do
    # shellcheck disable=SC2086
    run_ct -1 create $bad "$B" true
    assert_error 1806
  done
  run_ct -1 create --cgroups disabled -m 64m "$B" true
  assert_error 1806 disabled
  [[ -z $(usr-ct ps -aq) ]]
}

@test "limits: without the controller nothing runs, and the error names it, the file and the cure" {
  ! has_controllers "$B" || return 0
  run_ct -125 run --name one -m 64m "$B" sh -c 'echo ran >&2'
  assert_error 1803 "controller 'memory'"
  assert_has "$stderr" cgroup.controllers
  assert_has "$stderr" Delegate=
  assert_lacks "$stderr" ran
  # cpu.max, pids.max and cpuset.cpus alike
  for limit in "--cpus 1=cpu" "--pids-limit 10=pids" "--cpuset-cpus 0=cpuset"; do
    # shellcheck disable=SC2086
    run_ct -125 run --rm ${limit%=*} "$B" true
    assert_error 1803 "controller '${limit#*=}'"
  done
}

@test "limits: no limit is no limit, also in words" {
  run_ct -0 run --rm --pids-limit -1 --cpu-quota -1 -m 0 "$B" echo fine
  assert_output fine
}

@test "limits: the document has them in OCI's words" {
  usr-ct create --name ct -m 64m --cpus 0.5 --pids-limit 20 --cpu-shares 512 --memory-reservation 32m "$B" true
  resources=$(usr-ct inspect ct | jq -c '.[0].OCI.linux.resources')
  [[ $(jq -c .memory <<<"$resources") == '{"limit":67108864,"swap":134217728,"reservation":33554432}' ]]
  [[ $(jq -c .cpu <<<"$resources") == '{"quota":50000,"period":100000,"shares":512}' ]]
  [[ $(jq -c .pids <<<"$resources") == '{"limit":20}' ]]
  [[ $(inspect_field ct '.HostConfig | [.Memory, .MemorySwap, .NanoCpus, .PidsLimit] | join(" ")') == "67108864 134217728 500000000 20" ]]
}

@test "cgroup: the first process is born in one of its own, beside ours" {
  usr-ct run -d --name ct "$B" sleep 1000
  dir=$(container_cgroup ct)
  [[ $dir == "$CGROUP"/* ]]
  [[ $(cat "$dir/cgroup.procs") == "$(inspect_field ct .State.Pid)" ]]
  usr-ct rm -f ct
  wait_until eval "! test -e '$dir'"
}

@test "cgroup: --cgroup-parent in a delegated subtree, gone with its last container" {
  [[ -z ${USRCT_TEST_SYSTEMD:-} ]] || return 0 # systemd/scopes.bats has slices
  usr-ct run -d --name ct --cgroup-parent /group/sub "$B" sleep 1000
  assert_has "$(container_cgroup ct)" /group/sub/usr-ct-
  usr-ct rm -f ct
  wait_until eval "! test -e '$CGROUP/group/sub'"
  rmdir "$CGROUP/group"
}

@test "cgroup: --cgroups=disabled leaves the container where we are" {
  usr-ct run -d --name ct --cgroups=disabled "$B" sleep 1000
  [[ $(sed -n 's/^0:://p' "/proc/$(inspect_field ct .State.Pid)/cgroup") == "$(sed -n 's/^0:://p' /proc/self/cgroup)" ]]
  run_ct -1 pause ct
  assert_error 1802
  run_ct -1 update --pids-limit 5 ct
  assert_error 1806 disabled
}

@test "cgroup: kill -9 of the monitor leaves a cgroup that the next command removes" {
  usr-ct run -d --name ct "$B" sleep 1000
  dir=$(container_cgroup ct)
  kill -9 "$(sed -n 's/^monitor=//p' "$XDG_DATA_HOME"/usr-ct/containers/*/state)"
  run_ct -0 ps
  assert_has "$output" unmonitored
  run_ct -0 pause ct
  run_ct -0 unpause ct
  usr-ct rm -f ct
  wait_until eval "! test -e '$dir'"
}

@test "cgroup: what the container made in its own goes with it" {
  usr-ct run -d --name ct "$B" sleep 1000
  dir=$(container_cgroup ct)
  mkdir -p "$dir/a/b"
  usr-ct rm -f ct
  wait_until eval "! test -e '$dir'"
}
