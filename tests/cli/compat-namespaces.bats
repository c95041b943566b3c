#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# compat-namespaces - --pid, --ipc and --uts container:NAME, as docker and podman have them
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

make_donor() {
  usr-ct run -d --name donor --network none --ipc shareable -h donorhost "$IMG" sh -c \
    'echo shared >/dev/shm/file; touch /ready; exec sleep 1000'
  wait_until usr-ct exec donor test -e /ready
}

namespace_of() { # CONTAINER KIND
  readlink "/proc/$(usr-ct inspect -f '{{.State.Pid}}' "$1")/ns/$2"
}

@test "namespaces: processes, messages and host name of another container" {
  make_donor
  run_ct -0 run --rm --network none --pid container:donor "$IMG" ps -o args
  assert_has "$output" "sleep 1000"
  run_ct -0 run --rm --network none --ipc container:donor "$IMG" sh -c 'cat /dev/shm/file; echo back >/dev/shm/other'
  assert_output shared
  run_ct -0 exec donor cat /dev/shm/other
  assert_output back
  run_ct -0 run --rm --network none --uts container:donor "$IMG" sh -c 'hostname; cat /etc/hostname'
  assert_output $'donorhost\ndonorhost'
  # Whatever is not named stays its own.
  run_ct -0 run --rm --network none --uts container:donor "$IMG" sh -c 'echo $$; ls /dev/shm'
  assert_output 1
  usr-ct rm -f -t 0 donor
}

@test "namespaces: exec, health checks, inspect, restart and stop of who joined" {
  local kind id
  make_donor
  id=$(usr-ct inspect -f '{{.Id}}' donor)
  usr-ct run -d --name joined --network none --pid container:donor --ipc container:donor --uts container:donor \
    --health-cmd 'ps -o args | grep -q "sleep 1000"' --health-interval 1h "$IMG" sleep 2000
  for kind in pid ipc uts user; do
    [ "$(namespace_of donor "$kind")" = "$(namespace_of joined "$kind")" ]
  done
  [ "$(namespace_of donor mnt)" != "$(namespace_of joined mnt)" ]
  run_ct -0 inspect -f '{{.HostConfig.IpcMode}} {{.HostConfig.PidMode}} {{.HostConfig.UTSMode}}' joined
  assert_output "container:$id container:$id container:$id"
  run_ct -0 exec joined sh -c 'hostname; cat /dev/shm/file; ps -o args | grep -c "[s]leep [12]000"'
  assert_output $'donorhost\nshared\n2'
  run_ct -0 healthcheck run joined
  run_ct -0 restart -t 0 joined
  [ "$(namespace_of donor pid)" = "$(namespace_of joined pid)" ]
  run_ct -0 stop -t 0 joined
  run_ct -0 exec donor ps -o args
  assert_lacks "$output" "sleep 2000"
  # The other one's end is the end of its processes, and it must run for a start.
  run_ct -0 start joined
  run_ct -0 stop -t 0 donor
  wait_until is_state joined exited
  run_ct -1 start joined
  assert_error 1708
  run_ct -0 start donor
  run_ct -0 start joined
  usr-ct rm -f -t 0 joined donor
}

@test "namespaces: nothing that a joined container started outlives it" {
  make_donor
  run_ct -0 run -d --name joined --network none --pid container:donor "$IMG" sh -c \
    'sleep 876543 & sleep 876544 & touch /ready; exec sleep 876545'
  wait_until usr-ct exec joined test -e /ready
  run_ct -0 kill joined
  wait_until is_state joined exited
  wait_until bash -c '! grep -lz "87654[345]" /proc/[0-9]*/cmdline'
  run_ct -0 exec donor true
  usr-ct rm -f -t 0 joined donor
}

@test "namespaces: what another has with the host is the host's" {
  run_ct -0 run -d --name donor --network none --pid host --uts host "$IMG" sleep 1000
  run_ct -0 run --rm --network none --pid container:donor --uts container:donor "$IMG" sh -c 'readlink /proc/self/ns/pid; hostname'
  assert_output "$(readlink /proc/self/ns/pid)"$'\n'"$(hostname)"
  usr-ct rm -f -t 0 donor
}

@test "namespaces: what cannot be joined, or contradicts" {
  make_donor
  usr-ct run -d --name private --network none "$IMG" sleep 1000
  run_ct -125 run --rm --network none --ipc container:private "$IMG" true
  assert_error 1831
  run_ct -125 run --rm --network none --pid container:nosuch "$IMG" true
  assert_error 1401
  run_ct -125 run --rm --network none --pid container: "$IMG" true
  assert_error 1102
  run_ct -125 run --rm --network none --pid container:donor --uts container:private "$IMG" true
  assert_error 1131
  run_ct -125 run --rm --network none --pid container:donor --userns keep-id "$IMG" true
  assert_error 1131
  run_ct -125 run --rm --network none --uts container:donor -h other "$IMG" true
  assert_error 1131
  run_ct -125 run --rm --network none --ipc container:donor --shm-size 1m "$IMG" true
  assert_error 1131
  run_ct -125 run --rm --network none --ipc container:donor --sysctl kernel.msgmax=100 "$IMG" true
  assert_error 1124
  run_ct -0 run --rm --network none --pid container:donor --userns container:donor "$IMG" true
  usr-ct rm -f -t 0 donor private
}

@test "namespaces: who is joined never gets at the new process while that has the host's root" {
  # All capabilities, so that only what is hidden is out of reach: a look at each new process, as fast as it goes.
  usr-ct run -d --name donor --network none --privileged -e HERE="$XDG_DATA_HOME" "$IMG" sh -c 'touch /ready; while :; do
    for p in /proc/[0-9]*; do
      read -r name 2>/dev/null <$p/comm || continue
      case $name in usr-ct*) echo seen >>/seen; [ ! -e "$p/root/$HERE" ] || echo got >>/got ;; esac
    done
  done'
  wait_until usr-ct exec donor test -e /ready
  for i in $(seq 200); do
    usr-ct run --rm --network none --pid container:donor --oom-score-adj 100 "$IMG" true
    ((i < 8)) || ! usr-ct exec donor test -s /seen || break
  done
  run_ct -0 exec donor sh -c 'cat /got 2>/dev/null; [ -s /seen ]'
  assert_output ""
  usr-ct rm -f -t 0 donor
}
