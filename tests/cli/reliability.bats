#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# reliability - many at once, every step of a start interrupted, and readers that do not read
#
# USRCT_TEST_SCALE=N multiplies what is only a part in everyday runs: 3 makes a thousand containers.
bats_require_minimum_version 1.5.0
load helpers

SCALE=${USRCT_TEST_SCALE:-1}
KILL_AT=$BATS_TEST_DIRNAME/../fixtures/kill-at-step.py

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

# --- many

@test "many containers exist while many start in parallel: ps is right all the time" {
  local existing=$((334 * SCALE)) starting=$((34 * SCALE)) now
  [[ -z ${USRCT_TEST_VM:-} ]] || existing=20 starting=10
  seq "$existing" | xargs -P 4 -I{} usr-ct create --name old{} --network none "$B" true >/dev/null
  [ "$(usr-ct ps -aq | wc -l)" = "$existing" ]
  seq "$starting" | xargs -P "$starting" -I{} \
    usr-ct run -d --name new{} --network none "$B" sleep 1000 >started 2>errors 3>&- &
  starter=$!
  while kill -0 "$starter" 2>/dev/null; do
    now=$(usr-ct ps -aq | sort -u | wc -l)
    [ "$now" -ge "$existing" ] && [ "$now" -le $((existing + starting)) ]
    # What is listed as running, runs: whoever was told its id finds it.
    usr-ct ps -q --no-trunc | wc -l >/dev/null
  done
  wait "$starter" || fail "$(cat errors)"
  [ ! -s errors ]
  [ "$(sort -u started | wc -l)" = "$starting" ]
  [ "$(usr-ct ps -q --no-trunc | sort)" = "$(sort started)" ]
  [ "$(usr-ct ps -aq | wc -l)" = $((existing + starting)) ]
  usr-ct ps -aq | xargs usr-ct rm -f >/dev/null
}

@test "two hundred run --rm at once: no error, nothing left" {
  local count=200
  [[ -z ${USRCT_TEST_VM:-} ]] || count=20 # each is slow by emulation
  seq "$count" | xargs -P "$count" -I{} usr-ct run --rm --network none "$B" echo out{} >out 2>errors ||
    fail "$(head -20 errors)"
  [ ! -s errors ] || fail "$(head -20 errors)"
  [ "$(sort -u out | wc -l)" = "$count" ]
  [ -z "$(usr-ct ps -aq)" ]
}

# --- kill -9 at each step

# After a kill: what is listed is true, it can be removed, and nothing stays.
look_after_kill() { # WHEN
  local state pid
  state=$(within 20 usr-ct inspect victim 2>/dev/null | jq -r '.[0].State | "\(.Status) \(.Pid)"') || true
  read -r state pid <<<"$state"
  case $state in
  '' | null) state= ;; # it never came to exist
  running | lost) ! is_gone "$pid" || [[ $(within 20 usr-ct inspect victim | jq -r '.[0].State.Status') == exited ]] ||
    fail "$1: said to be $state, but process $pid is gone" || return ;;
  created | exited) [[ ${pid:-0} == 0 ]] || is_gone "$pid" || fail "$1: $state, but $pid runs" || return ;;
  *) fail "$1: odd state '$state'" || return ;;
  esac
  [[ -z $state ]] || within 20 usr-ct rm -f victim >/dev/null || fail "$1: cannot be removed" || return
  assert_nothing_left || fail "$1: see above" || return
}

kill_at_steps() { # ROLE EVERY
  local n steps status
  [[ $(uname -m) == x86_64 ]] || skip "kill-at-step.py knows the system calls of x86-64"
  # A leak check stops at being traced, and the holder needs newuidmap, which does as well.
  export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
  usr-ct run --rm --network none "$B" true
  "$KILL_AT" list usr-ct run -d --name victim --network none "$B" sleep 1000 >steps.txt
  usr-ct rm -f victim
  steps=$(grep -c "^$1 " steps.txt) || true
  [[ $steps -ge 8 ]] || fail "only $steps steps: $(cat steps.txt)"
  for ((n = 1; n <= steps; n++)); do
    # Of the many mounts a few will do.
    if grep -qE "^$1 $n (fsmount|move_mount|mkdirat)$" steps.txt && ((n % $2)); then
      continue
    fi
    status=0
    "$KILL_AT" "$1" "$n" usr-ct run -d --name victim --network none "$B" sleep 1000 >out 2>&1 || status=$?
    [[ $status != 124 ]] || fail "the client hangs when $(grep "^$1 $n " steps.txt) is its end"
    ! grep -q Sanitizer out || fail "$(cat out)"
    look_after_kill "$(grep "^$1 $n " steps.txt)"
  done
  run_ct -0 run --rm --network none "$B" echo works
}

@test "the client killed at each of its steps" {
  kill_at_steps client $((SCALE > 1 ? 1 : 3))
}

@test "the launcher killed at each of its steps, until it is the monitor" {
  kill_at_steps launcher 1
}

@test "the container's first process killed at each of its steps" {
  kill_at_steps init $((SCALE > 1 ? 1 : 6))
}

# --- descriptors

@test "the program has the descriptors 0, 1 and 2, whatever the caller has open" {
  exec 7</etc/passwd 8<>pipe-or-file

  run_ct -0 run --rm --network none "$B" sh -c 'ls /proc/1/fd; true'
  assert_output $'0\n1\n2'
  run_ct -0 run --rm -i --network none "$B" sh -c 'ls /proc/1/fd; true' </dev/null
  assert_output $'0\n1\n2'
  run_ct -0 run --rm --init --network none "$B" sh -c 'ls /proc/$$/fd; true'
  assert_output $'0\n1\n2'
  exec 7<&- 8<&-
}

@test "the monitor keeps nothing open that the caller had" {
  exec 7</etc/passwd
  usr-ct run -d --name behind --network none "$B" sleep 1000 7</etc/passwd
  exec 7<&-
  monitor=$(awk '/^PPid:/ { print $2 }' "/proc/$(inspect_field behind .State.Pid)/status")
  readlink "/proc/$monitor"/fd/* >open 2>/dev/null || true
  run ! grep passwd open
}

# --- those who do not read, and disks that take no more

@test "a full disk while logging: the program ends as if nothing was" {
  small=${USRCT_TEST_SMALL_DISK:?}
  rm -rf "${small:?}"/*
  export XDG_DATA_HOME=$small
  usr-ct pull "oci:$IMAGES/oci:busybox"
  usr-ct run -d --name chatty --network none busybox \
    sh -c 'yes "a line of a certain length" | head -c 20000000; echo done >/tmp/done || true; exit 5'
  run_ct -0 wait chatty
  assert_output 5
  is_state chatty exited || is_state chatty lost
  run_ct logs chatty
  usr-ct rm -f chatty
  usr-ct rmi busybox
  unshare --map-auto --map-root-user rm -rf "$small/usr-ct"
}

@test "a disk without one free byte: everything can be read, stopped and removed" {
  small=${USRCT_TEST_SMALL_DISK:?}
  rm -rf "${small:?}"/*
  export XDG_DATA_HOME=$small
  usr-ct pull "oci:$IMAGES/oci:busybox"
  usr-ct run -d --name alive --network none busybox sleep 1000
  # Whoever comes first gives the log's shared map back to the disk and makes it anew.
  rm -f "$small/usr-ct/index.db-shm"
  cat /dev/zero >"$small/ballast" 2>/dev/null || true
  run_ct -0 ps --format '{{.Names}}'
  assert_output alive
  run_ct -0 inspect alive --format '{{.State.Status}}'
  assert_output running
  run_ct -0 images -q
  run_ct -0 stop -t 0 alive
  run_ct -0 wait alive
  run_ct -0 rm -f alive
  run_ct -0 ps -aq
  assert_output ""
  rm "$small/ballast"
  usr-ct rmi busybox
  unshare --map-auto --map-root-user rm -rf "$small/usr-ct"
}

@test "a slow reader of the log gets all of it and holds nobody up" {
  usr-ct run -d --name chatty --network none "$B" sh -c 'seq 200000; exit 4'
  mkfifo slow
  usr-ct logs -f chatty >slow 2>/dev/null 3>&- &
  logs=$!
  exec 6<slow
  head -c 100 <&6 >first
  # The reader sits there; the program ends all the same.
  run_ct -0 wait chatty
  assert_output 4
  cat first - <&6 >all
  exec 6<&-
  wait "$logs"
  [ "$(usr-ct logs chatty | sha256sum)" = "$(seq 200000 | sha256sum)" ]
  [ "$(wc -c <all)" = "$(seq 200000 | wc -c)" ]
}

@test "a client that never reads: the container can be stopped, and goes on when it is killed" {
  mkfifo unread
  usr-ct run --name stuck --network none "$B" sh -c 'seq 300000; echo end of it' >unread 2>/dev/null 3>&- &
  client=$!
  exec 6<unread
  wait_until is_state stuck running
  # As at a terminal that was stopped: the program waits for its reader ...
  run_ct -0 ps -q
  [ -n "$output" ]
  # ... and not any more when that one is gone.
  kill -9 "$client"
  run_ct -0 wait stuck
  assert_output 0
  exec 6<&-
  [ "$(usr-ct logs stuck | tail -1)" = "end of it" ]

  usr-ct run --name stuck2 --network none "$B" sh -c 'seq 300000; exec sleep 1000' >unread 2>/dev/null 3>&- &
  client=$!
  exec 6<unread
  wait_until is_state stuck2 running
  run_ct -0 stop -t 0 stuck2
  exec 6<&-
  wait "$client" || true
}
