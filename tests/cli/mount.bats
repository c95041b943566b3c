#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mount - what is mounted in a container that runs
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
  mkdir one two
  echo 1 >one/f
  echo 2 >two/f
  echo file >file
}
teardown() {
  remove_all_and_check
}

start_box() { # [OPTION...]
  usr-ct run -d --name box "$@" "$B" sleep 1000 >/dev/null
}

inside() { # COMMAND LINE
  usr-ct exec box sh -c "$1"
}

@test "mount add, swap, rm: seen inside at once, and what is written is the user's" {
  start_box
  run_ct -0 mount add box "$PWD/one:/srv/x"
  [ "$(inside 'cat /srv/x/f; echo written >/srv/x/new')" = 1 ]
  [ "$(cat one/new)" = written ] && [ -O one/new ]
  run_ct -0 mount swap box ./two:/srv/x
  [ "$(inside 'cat /srv/x/f')" = 2 ]
  run_ct -0 mount rm box /srv/x/
  [ "$(inside 'ls /srv/x')" = "" ]
  run_ct -0 mount add box ./file:/etc/its-name
  [ "$(inside 'cat /etc/its-name')" = file ]
  run_ct -0 container mount rm box /etc/its-name
}

@test "mount add: ro is kept by the kernel" {
  start_box
  usr-ct mount add box ./one:/x:ro
  run_ct exec box sh -c 'echo no >/x/f'
  [ "$status" != 0 ]
  [ "$(cat one/f)" = 1 ]
}

@test "mount ls: what the user asked for, kept or not" {
  start_box -v "$PWD/two:/two"
  usr-ct mount add box ./one:/a:ro
  usr-ct mount add --once box ./file:/b
  run_ct -0 mount ls --format '{{.Target}} {{.Source}} {{.Kept}} {{.Mounted}}' box
  assert_has "$output" "/two $PWD/two true true"
  assert_has "$output" "/a $PWD/one true true"
  [[ $output == *"/b "*"/file false true"* ]]
  [ "$(wc -l <<<"$output")" = 3 ]
  usr-ct mount rm box /two
  run_ct -0 mount ls box
  assert_lacks "$output" /two
}

@test "mount: a change is there after the next start, except with --once" {
  usr-ct run -d --name box "$B" sh -c 'trap "exit 0" TERM; sleep 1000 & wait' >/dev/null
  usr-ct mount add box ./one:/kept
  usr-ct mount add --once box ./one:/not-kept
  usr-ct mount swap --once box ./two:/kept
  [ "$(inside 'cat /kept/f')" = 2 ]
  usr-ct stop box >/dev/null
  run_ct mount add box ./one:/x
  assert_error 1405
  usr-ct start box >/dev/null
  [ "$(inside 'cat /kept/f; ls /not-kept')" = 1 ]
  usr-ct mount rm box /kept
  usr-ct stop box >/dev/null
  usr-ct start box >/dev/null
  [ "$(inside 'ls /kept')" = "" ]
}

@test "mount swap: there is no moment without either" {
  start_box
  usr-ct mount add box ./one:/x
  usr-ct exec box sh -c 'touch /tmp/go; n=0; while [ -e /tmp/go ]; do cat /x/f >/dev/null || echo missing; n=$((n+1)); done; echo "$n"' >seen 2>&1 3>&- &
  watcher=$!
  wait_until inside 'test -e /tmp/go'
  local rounds=25
  [[ -z ${USRCT_TEST_VM:-} ]] || rounds=5
  for _ in $(seq $rounds); do
    usr-ct mount swap box ./two:/x
    usr-ct mount swap box ./one:/x:ro
  done
  inside 'rm /tmp/go'
  wait "$watcher"
  # Before Linux 6.5 there are microseconds.
  if has_linux 6.5; then
    assert_lacks "$(cat seen)" missing
  fi
  # Nothing piles up.
  [ "$(inside 'grep -c " /x " /proc/self/mountinfo')" = 1 ]
}

@test "mount: files that are open stay open" {
  start_box
  usr-ct mount add box ./one:/x
  usr-ct exec box sh -c 'cd /x; touch /tmp/in; while [ -e /tmp/in ]; do usleep 1000; done; cat f' >seen 2>&1 3>&- &
  wait_until inside 'test -e /tmp/in'
  usr-ct mount rm box /x
  inside 'rm /tmp/in'
  wait $!
  [ "$(cat seen)" = 1 ]
}

@test "mount: links of the container lead nowhere else" {
  start_box
  inside 'ln -s /proc /to-proc; ln -s ../../../../../../../../tmp/made /up; ln -s /proc/1/root/etc /magic; ln -s /sys /to-sys; ln -s / /to-root; ln -s /nowhere/at/all /dangling; mkdir /dir /tmp/made; ln -s dir /to-dir'
  for target in /to-proc /to-proc/self /to-sys/kernel /to-root /to-root/ /to-root/proc /proc /proc/self /sys/fs /dev /dev/pts /dev/shm /etc/hosts /etc/resolv.conf; do
    run_ct mount add box "./one:$target"
    [ "$status" != 0 ] || fail "$target was taken"
  done
  run_ct mount add box ./one:/magic/x
  [ "$status" != 0 ] || fail "a link of /proc was followed"
  for target in /proc /sys /dev /dev/shm /dev/pts /etc/hosts /to-proc / /to-root; do
    run_ct mount rm box "$target"
    [ "$status" != 0 ] || fail "$target was removed"
    run_ct mount swap box "./one:$target"
    [ "$status" != 0 ] || fail "$target was replaced"
  done
  # Below the root it is what it says.
  run_ct -0 mount add box ./one:/to-dir
  [ "$(inside 'cat /dir/f')" = 1 ]
  run_ct -0 mount add box ./one:/up
  [ "$(inside 'cat /tmp/made/f')" = 1 ]
  [ ! -e /tmp/made ]
  run_ct -0 mount rm box /to-dir
  [ "$(inside 'ls /dir')" = "" ]
}

@test "mount: a volume comes into a running container by its name, and stays when it is taken away" {
  start_box
  run_ct -0 mount add box named:/tmp
  inside 'echo kept >/tmp/f'
  run_ct -0 mount rm box /tmp
  [ "$(inside 'ls /tmp')" = "" ]
  run_ct -0 run --rm --network none -v named:/v "$B" cat /v/f
  assert_output kept
  usr-ct rm -f box
  usr-ct volume rm named
}

@test "mount: what cannot be is an error that says so" {
  start_box --read-only
  run_ct mount add box ./one:/new
  assert_has "$stderr" "Read-only file system"
  run_ct mount add box ./one:/etc/passwd
  assert_error 1103 "is a directory"
  run_ct mount add box ./file:/tmp
  assert_error 1103 "is a file"
  run_ct mount add box ./nothing:/tmp
  [ "$status" != 0 ]
  run_ct mount rm box /tmp
  assert_error 1423
  run_ct mount swap box ./one:/tmp
  assert_error 1423
  run_ct mount rm box relative
  assert_error 1103
  run_ct -0 mount add box ./one:/tmp
  run_ct mount add box ./two:/tmp
  assert_error 1422
  run_ct mount add nothing ./one:/x
  assert_error 1401
  run_ct -125 mount frobnicate box x
  run_ct -125 mount add box
}

@test "mount: a frozen container, one whose monitor is dead, and many changes at once" {
  start_box
  usr-ct pause box >/dev/null
  run_ct -0 mount add box ./one:/while-paused
  usr-ct unpause box >/dev/null
  [ "$(inside 'cat /while-paused/f')" = 1 ]
  for pid in $(our_processes); do
    [[ $(cat "/proc/$pid/comm" 2>/dev/null) != usr-ct-monitor ]] || kill -9 "$pid"
  done
  for i in $(seq 20); do
    usr-ct mount add box "./one:/m$i" 3>&- &
  done
  wait
  [ "$(inside 'cat /m*/f' | wc -l)" = 20 ]
  [ "$(usr-ct mount ls box | grep -c '^/m')" = 20 ]
}

@test "mount: nothing of it is seen outside" {
  start_box
  usr-ct mount add box ./one:/x
  run grep "$BATS_TEST_TMPDIR/one" /proc/self/mountinfo
  [ "$status" = 1 ]
  run_ct -0 events --since 1m --until 0s
  assert_has "$output" "container mount"
}
