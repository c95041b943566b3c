#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# attach - several clients, window sizes, detach keys, signals; start -a; wait
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
  [[ -z ${client:-} ]] || kill "$client" 2>/dev/null || true
  remove_all_and_check
}

person() {
  run "$BATS_TEST_DIRNAME/../fixtures/terminal.py" "$@"
  [ "$status" = 0 ] || { printf '%s\n' "$output"; false; }
}

@test "attach: output from now on, and the exit status" {
  mkfifo go
  usr-ct run -d --name told --network none -v "$PWD:/d" "$B" sh -c 'echo before; read -r _ </d/go; echo after; echo bad >&2; exit 6'
  usr-ct attach told >out 2>err 3>&- &
  client=$!
  wait_until attached told
  echo >go
  status=0
  wait "$client" || status=$?
  [ "$status" = 6 ]
  [ "$(cat out)" = after ]
  [ "$(cat err)" = bad ]
}

attached() { # NAME -> somebody has attached since
  usr-ct events --since 1m --until 0s --filter "container=$1" --filter event=attach --format json | grep -q attach
}

@test "attach: input goes in; where nobody was attached from the start its end does not" {
  usr-ct run -di --name eater --network none "$B" sh -c 'while read -r line; do echo "got $line"; done; echo over'
  echo one | within 20 usr-ct attach --no-stdin eater >/dev/null 2>&1 3>&- &
  client=$!
  mkfifo input
  usr-ct attach eater <input >out 2>&1 3>&- &
  second=$!
  exec 7>input
  echo two >&7
  wait_until file_has out "got two"
  echo three | usr-ct attach eater >out3 2>&1 3>&- &
  third=$!
  wait_until file_has out "got three"
  is_state eater running
  exec 7>&-
  kill "$second" "$third"
  usr-ct stop -t 0 eater
  wait "$client" || true
}

@test "attach: three people at one terminal see the same; the last window counts" {
  usr-ct run -dit --name shared --network none "$B" sh
  "$BATS_TEST_DIRNAME/../fixtures/terminal.py" usr-ct attach --no-stdin shared -- 'expect:sum 42' exit:0 >one 2>&1 3>&- &
  first=$!
  wait_until attached shared
  person usr-ct attach shared -- size:40x100 'send:stty size\r' 'expect:40 100' 'send:echo sum $((40+2))\r' 'expect:sum 42' \
    'send:\x10\x11' exit:0 restored
  assert_has "$output" "read escape sequence"
  is_state shared running
  person usr-ct attach shared -- 'send:\r' 'expect:#' 'send:exit\r' exit:0
  wait "$first" || { cat one; false; }
}

@test "attach: other detach keys, and none" {
  usr-ct run -dit --name keys --network none "$B" sh
  person usr-ct attach --detach-keys=ctrl-@ keys -- 'send:\x10\x11echo a\r' expect:a 'send:\x00' exit:0 restored
  person usr-ct attach --detach-keys=x,y,z keys -- 'send:echo xyx\r' expect:xyx 'send:xyz' exit:0 restored
  person usr-ct attach --detach-keys= keys -- 'send:echo b\r' expect:b 'send:exit 9\r' exit:9 restored
  run_ct -125 run --rm --detach-keys=ctrl-1 "$B" true
  assert_error 1443 ctrl-1
}

@test "attach: refused where nothing runs" {
  run_ct -1 attach no-such-container
  assert_error 1401
  usr-ct create --name made "$B" true
  run_ct -1 attach made
  assert_error 1405
}

@test "attach: signals are passed on, or kept with --sig-proxy=false" {
  usr-ct run -d --name sig --network none "$B" sh -c 'trap "echo caught; exit 8" INT; echo ready; while :; do usleep 10000; done'
  wait_until log_has sig ready
  usr-ct attach --sig-proxy=false sig >/dev/null 2>&1 3>&- &
  client=$!
  wait_until attached sig
  kill -TERM "$client"
  wait "$client" || true
  is_state sig running
  setsid usr-ct attach sig >out 2>&1 3>&- &
  client=$!
  wait_until attached_times sig 2
  kill -INT "$client"
  status=0
  wait "$client" || status=$?
  [ "$status" = 8 ] || { echo "$status"; cat out; false; }
}

attached_times() { # NAME COUNT
  [[ $(usr-ct events --since 1m --until 0s --filter "container=$1" --filter event=attach --format json | wc -l) -ge $2 ]]
}

@test "attach: a client that never reads is disconnected and does not stop the container" {
  mkfifo never
  usr-ct run -d --name chatty --network none "$B" sh -c 'head -c 20000000 /dev/zero; echo done >&2; sleep 1000'
  # Its output is a pipe that nobody empties.
  usr-ct attach chatty >never 2>&1 3>&- &
  client=$!
  exec 8<never
  wait_until log_has chatty "done"
  exec 8<&-
  usr-ct stop -t 0 chatty
  wait "$client" || true
}

@test "start -a: output, input and status; many containers in the background" {
  usr-ct create -i --name again --network none "$B" sh -c 'cat; exit 3'
  run --separate-stderr bash -c 'echo text | usr-ct start -a -i again'
  assert_status 3
  assert_output text
  for i in 1 2 3; do usr-ct create --name "many$i" --network none "$B" sleep 1000 >/dev/null; done
  run_ct -0 start many1 many2 many3
  assert_output "many1
many2
many3"
  # What runs already is fine, as with Docker.
  run_ct -0 start many1
  run_ct -125 start
  run_ct -125 start --all many1
  usr-ct stop -t 0 many1 many2 many3
}

@test "start -a on one that runs attaches to it" {
  usr-ct run -d --name here --network none "$B" sh -c 'echo ready; while ! test -e /tmp/go; do usleep 10000; done; exit 4'
  wait_until log_has here ready
  usr-ct start -a here >out 2>&1 3>&- &
  client=$!
  wait_until attached here
  usr-ct stop -t 0 here
  status=0
  wait "$client" || status=$?
  [ "$status" = 137 ]
}
