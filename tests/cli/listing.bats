#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# listing - selections, and what single commands do to several containers
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox
  export IMG=$REGISTRY/busybox
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
}
teardown() {
  remove_all_and_check
}

start() { # NAME...
  local name
  for name in "$@"; do
    usr-ct run -d --name "$name" --network none --label "name=$name" "$IMG" sh -c 'trap "exit 7" TERM; while :; do sleep 0.05; done' >/dev/null
  done
}

state() { # NAME
  usr-ct inspect -f '{{.State.Status}}' "$1"
}

@test "stop: several, all of those that run, by filter; one that is unknown is told at the end" {
  start aa bb cc
  run_ct -1 stop -t 5 aa nosuch bb
  assert_output "aa"$'\n'"bb"
  assert_error 1401 nosuch
  [ "$(state aa)" = exited ]
  [ "$(state cc)" = running ]
  run_ct -0 stop --ignore nosuch
  run_ct -0 stop -f label=name=cc
  assert_output cc
  start dd
  run_ct -0 stop --all
  assert_output dd
  run_ct -0 stop --all
  assert_output ""
  run_ct -125 stop
  assert_error 1101 "needs a CONTAINER"
  run_ct -125 stop --all aa
  assert_error 1101
}

@test "stop: another signal" {
  usr-ct run -d --name aa --network none "$IMG" sh -c 'trap "exit 9" USR1; while :; do sleep 0.05; done' >/dev/null
  run_ct -0 stop -s USR1 -t 10 aa
  run_ct -0 inspect -f '{{.State.ExitCode}}' aa
  assert_output 9
  run_ct -125 stop -s NOSUCH aa
  assert_error 1102
}

@test "kill: all, by filter, and nothing that runs" {
  start aa bb
  run_ct -0 kill -s TERM --filter name=aa
  assert_output aa
  wait_until is_state aa exited
  run_ct -0 kill --all
  assert_output bb
  wait_until is_state bb exited
  run_ct -1 kill aa
}

@test "restart: a new process; one that has ended is started; --rm is refused" {
  start aa
  before=$(usr-ct inspect -f '{{.State.Pid}}' aa)
  run_ct -0 restart -t 5 aa
  assert_output aa
  after=$(usr-ct inspect -f '{{.State.Pid}}' aa)
  [ "$before" != "$after" ]
  [ "$after" != 0 ]
  usr-ct stop aa >/dev/null
  run_ct -0 restart aa
  [ "$(state aa)" = running ]
  run_ct -0 restart --running -t 5
  assert_output aa
  usr-ct run -d --rm --name gone --network none "$IMG" sleep 1000 >/dev/null
  run_ct -0 restart -t 0 gone
  assert_output gone
  [ "$(state gone)" = running ]
  run_ct -1 restart nosuch
  assert_error 1401
}

@test "rename: while it runs; a name that is taken or none" {
  start aa bb
  run_ct -0 rename aa other
  assert_output ""
  [ "$(state other)" = running ]
  run_ct -1 inspect aa
  run_ct -1 rename other bb
  assert_error 1403
  run_ct -1 rename other other
  run_ct -1 rename other '/'
  run_ct -1 rename other 'no/name'
  run_ct -1 rename nosuch x1
  assert_error 1401
  run_ct -0 rename other /aa
  run_ct -0 stop aa
  usr-ct create --name other "$IMG" true >/dev/null
}

@test "port: none are published" {
  start aa
  run_ct -0 port aa
  assert_output ""
  run_ct -1 port aa 80
  assert_error 1111 "80/tcp"
  run_ct -125 port aa eighty
  assert_error 1102
  run_ct -1 port nosuch
  assert_error 1401
}

@test "rm: many, by filter, all, with and without force; --ignore and --cidfile" {
  start aa bb
  usr-ct create --name cc "$IMG" true >/dev/null
  usr-ct create --name dd --cidfile cid "$IMG" true >/dev/null
  run_ct -1 rm aa cc
  assert_output cc
  assert_error 1404
  run_ct -0 rm --cidfile cid
  run_ct -0 rm --ignore nosuch
  assert_output ""
  run_ct -0 rm -f -v nosuch
  run_ct -0 rm -f -t 5 aa
  assert_output aa
  usr-ct create --name ee --label x "$IMG" true >/dev/null
  run_ct -0 rm --filter label=x
  assert_output ee
  run_ct -0 rm -f --all
  assert_output bb
  run_ct -0 rm --all
}

@test "ps of many: documents are read only where they are asked for" {
  for i in 1 2 3 4 5; do usr-ct create --name "c$i" "$IMG" true >/dev/null; done
  mv "$XDG_DATA_HOME"/usr-ct/containers/*/config.json . 2>/dev/null || true
  for dir in "$XDG_DATA_HOME"/usr-ct/containers/*; do rm -f "$dir/config.json"; done
  run_ct -0 ps -a -f status=created -f name=c --format '{{.Names}} {{.State}}'
  [ "${#lines[@]}" = 5 ]
  usr-ct rm -f --all >/dev/null
}
