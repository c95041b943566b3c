#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# kill9 - any process of ours killed at any moment loses nothing and leaks nothing
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
}
teardown() {
  remove_all_and_check
  usr-ct images -q | sort -u | xargs -r usr-ct rmi -f >/dev/null
}

rounds=100
[[ -z ${USRCT_TEST_VM:-} ]] || rounds=10 # each takes seconds by emulation

# Runs a command and kills it with SIGKILL after a time; alone, or with everything it has started.
kill_after() { # MILLISECONDS alone|all COMMAND...
  local ms=$1 group=()
  # timeout(1) without --foreground sends the signal to its whole process group.
  [[ $2 != alone ]] || group=(--foreground)
  shift 2
  setsid timeout "${group[@]}" -s KILL "$((ms / 1000)).$(printf %03d $((ms % 1000)))" "$@" \
    </dev/null >/dev/null 2>&1 3>&- || true
}

took_ms() { # COMMAND... -> how long it takes
  local start end
  start=$(date +%s%N)
  "$@" >/dev/null 2>&1 || true
  end=$(date +%s%N)
  printf '%s\n' $(((end - start) / 1000000))
}

pids_named() { # COMM
  local pid
  for pid in $(our_processes); do
    [[ $(cat "/proc/$pid/comm" 2>/dev/null) != "$1" ]] || printf '%s\n' "$pid"
  done
}

# Without the write-ahead log of the index, which grows to a megabyte before it is folded back.
disk_kb() {
  unshare --map-auto --map-root-user du -sk --exclude index.db-wal "$XDG_DATA_HOME" | cut -f1
}

@test "pull killed a hundred times: the next one works and nothing is left over" {
  whole=$(took_ms usr-ct pull "$REGISTRY/layers")
  full=$(disk_kb)
  usr-ct rmi "$REGISTRY/layers"
  for i in $(seq "$rounds"); do
    how=all
    ((i % 2)) || how=alone
    kill_after $((1 + RANDOM % (whole + 1))) "$how" usr-ct pull "$REGISTRY/layers"
    # Once in a while it was fast enough.
    if [[ -n $(usr-ct images -q) ]]; then
      usr-ct run --rm --network none "$REGISTRY/layers" true
      usr-ct rmi "$REGISTRY/layers"
    fi
  done
  usr-ct pull "$REGISTRY/layers"
  run_ct -0 run --rm -i --network none "$REGISTRY/layers" sh -s <"$IMAGES/listing"
  printf '%s\n' "$output" >got
  diff -u "$IMAGES/layers.expected" got
  wait_until is_bare "$XDG_DATA_HOME/usr-ct/tmp"
  [ "$(disk_kb)" -le $((full + 200)) ] || fail "disk: $full KB before, $(disk_kb) KB now"
}

@test "run killed a hundred times: what is listed is true, and all of it can be removed" {
  usr-ct pull "$REGISTRY/busybox"
  whole=$(took_ms usr-ct run --rm --network none "$REGISTRY/busybox" true)
  full=$(disk_kb)
  for i in $(seq "$rounds"); do
    how=all
    ((i % 2)) || how=alone
    kill_after $((1 + RANDOM % (whole + 1))) "$how" usr-ct run --network none "$REGISTRY/busybox" true
  done
  for id in $(usr-ct ps -aq); do
    usr-ct inspect "$id" | jq -e '.[0].State.Status' >/dev/null
  done
  usr-ct ps -aq | xargs -r usr-ct rm -f >/dev/null
  assert_nothing_left
  [ "$(disk_kb)" -le $((full + 200)) ] || fail "disk: $full KB before, $(disk_kb) KB now"
  run_ct -0 run --rm --network none "$REGISTRY/busybox" echo works
  assert_output works
}

@test "run --rm killed a hundred times: no container stays" {
  usr-ct pull "$REGISTRY/busybox"
  whole=$(took_ms usr-ct run --rm "$REGISTRY/busybox" true)
  for i in $(seq "$rounds"); do
    how=all
    ((i % 2)) || how=alone
    kill_after $((1 + RANDOM % (whole + 1))) "$how" usr-ct run --rm "$REGISTRY/busybox" true
  done
  # Those whose monitor was killed cannot remove themselves; they must be removable.
  usr-ct ps -aq | xargs -r usr-ct rm -f >/dev/null
  assert_nothing_left
}

@test "the client killed: a container in the foreground goes on under its monitor" {
  usr-ct pull "$REGISTRY/busybox"
  usr-ct run --name survivor "$REGISTRY/busybox" sh -c 'echo ready; exec sleep 1000' >out 2>&1 3>&- &
  client=$!
  wait_until file_has out ready
  kill -9 "$client"
  wait "$client" || true
  is_state survivor running
  run_ct -0 stop -t 0 survivor
}

@test "the monitor killed: listed truthfully, and it can be stopped and removed" {
  usr-ct pull "$REGISTRY/busybox"
  usr-ct run -d --name bereft "$REGISTRY/busybox" sleep 1000
  pid=$(inspect_field bereft .State.Pid)
  monitor=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
  kill -9 "$monitor"
  wait_until is_gone "$monitor"
  run_ct -0 ps -a
  assert_has "$output" bereft
  # Either it died with its monitor or it runs unwatched; ps must say which.
  if is_gone "$pid"; then
    assert_lacks "$output" "Up "
  else
    run_ct -0 ps
    assert_has "$output" bereft
  fi
  run_ct -0 rm -f bereft
  wait_until is_gone "$pid"
}

@test "the holder killed: containers go on and new ones start" {
  usr-ct pull "$REGISTRY/busybox"
  usr-ct run -d --name before "$REGISTRY/busybox" sleep 1000
  for pid in $(pids_named usr-ct-hold); do
    kill -9 "$pid"
    wait_until is_gone "$pid"
  done
  is_state before running
  run_ct -0 run --rm "$REGISTRY/busybox" echo after
  assert_output after
  run_ct -0 stop -t 0 before
}

@test "the first process killed from outside: the exit code tells" {
  usr-ct pull "$REGISTRY/busybox"
  usr-ct run -d --name shot "$REGISTRY/busybox" sleep 1000
  # It is ours, so the host's kill may reach it; through the container's user namespace at least.
  pid=$(inspect_field shot .State.Pid)
  kill -9 "$pid"
  wait_until is_state shot exited
  [ "$(inspect_field shot .State.ExitCode)" = 137 ]
}
