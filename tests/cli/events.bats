#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# events - what happens is told, in order, also to those who watch while it happens
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
  since=$(date +%s.%N)
}
teardown() {
  [[ -z ${watcher:-} ]] || kill "$watcher" 2>/dev/null || true
  remove_all_and_check
}

actions_since() { # SINCE FILTER... -> one action a line
  local from=$1 filter=()
  shift
  for f in "$@"; do filter+=(--filter "$f"); done
  usr-ct events --since "$from" --until 0s --format json "${filter[@]}" | jq -r .Action
}

@test "events: the life of a container, in Docker's order" {
  usr-ct run -d --name told --network none -l tier=front "$B" sleep 1000
  usr-ct stop -t 0 told
  usr-ct start told
  usr-ct kill told
  usr-ct rm -f told
  run actions_since "$since" container=told
  assert_output "create
start
kill
kill
die
stop
start
kill
die
destroy"
  run_ct -0 events --since "$since" --until 0s --filter event=die --filter label=tier=front
  [[ ${lines[0]} =~ ^20[0-9-]{8}T[0-9:]{8}\.[0-9]{9}(Z|[+-][0-9:]{5})' container die '[0-9a-f]{64}' ('.*exitCode=137.*', image='.*busybox.*', name=told, tier=front)'$ ]] ||
    { show; false; }
}

@test "events: run --rm tells of its end and its removal; the exit code is there" {
  usr-ct run --rm --name brief --network none "$B" sh -c 'exit 7' || true
  wait_until no_leftover_processes
  run actions_since "$since" container=brief
  assert_output "create
attach
start
die
destroy"
  usr-ct events --since "$since" --until 0s --filter event=die --format json |
    jq -e '.Actor.Attributes.exitCode == "7" and .status == "die" and .Type == "container" and .scope == "local"
      and (.time == (.timeNano / 1000000000 | floor)) and .id == .Actor.ID' || false
}

@test "events: --format with templates" {
  usr-ct run --rm --name shaped --network none "$B" true
  wait_until no_leftover_processes
  run_ct -0 events --since "$since" --until 0s --filter event=die --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Name}} {{.Status}}'
  assert_output "container die shaped shaped die"
  run_ct -125 events --format '{{.Type'
  assert_has "$stderr" UCT-
}

@test "events: images" {
  usr-ct pull "$REGISTRY/layers"
  usr-ct rmi "$REGISTRY/layers"
  run actions_since "$since" type=image
  assert_output "pull
untag
delete"
}

@test "events: filters; alternatives of one key, all keys" {
  usr-ct run --rm --name one --network none -l a=1 -l b=2 "$B" true
  usr-ct run --rm --name two --network none -l a=1 "$B" true
  wait_until no_leftover_processes
  [ "$(actions_since "$since" event=die | wc -l)" = 2 ]
  [ "$(actions_since "$since" event=die event=start | wc -l)" = 4 ]
  [ "$(actions_since "$since" event=die container=one | wc -l)" = 1 ]
  [ "$(actions_since "$since" event=died label=a label=b=2 | wc -l)" = 1 ]
  [ "$(actions_since "$since" event=die "image=$B" | wc -l)" = 2 ]
  [ "$(actions_since "$since" event=die image=nginx | wc -l)" = 0 ]
  [ "$(actions_since "$since" type=image | wc -l)" = 0 ]
  run_ct -1 events --filter colour=red
  assert_error 1102 colour
  run_ct -125 events --since yesterday
  assert_error 1102 yesterday
}

@test "events: follow, from now on and without an end" {
  usr-ct run --rm --name before --network none "$B" true
  wait_until no_leftover_processes
  usr-ct events --format json >seen 2>&1 3>&- &
  watcher=$!
  until_followed() {
    usr-ct run --rm --name after --network none "$B" true
    file_has seen '"die"'
  }
  wait_until until_followed
  ! file_has seen before || { cat seen; false; }
}

@test "events: --until in the future ends then" {
  run_ct -0 events --since "$since" --until "$(($(date +%s) + 1))"
}

@test "events: following across a rotation misses nothing" {
  usr-ct events --since "$since" --filter event=die --format json >seen 2>&1 3>&- &
  watcher=$!
  for i in 1 2 3; do
    usr-ct run --rm --name "turn$i" --network none "$B" true
    wait_until file_has seen "turn$i"
    # As if it had grown: the next writer renames it.
    truncate -s 5M "$XDG_DATA_HOME/usr-ct/events"
  done
  [ "$(wc -l <seen)" = 3 ] || { cat seen; false; }
  [ -s "$XDG_DATA_HOME/usr-ct/events.1" ]
}

@test "events: a torn line breaks neither the next one nor a reader" {
  usr-ct run --rm --name whole1 --network none "$B" true
  wait_until no_leftover_processes
  printf '{"Type":"container","Action":"die","Actor":{"ID":"to' >>"$XDG_DATA_HOME/usr-ct/events"
  usr-ct run --rm --name whole2 --network none "$B" true
  wait_until no_leftover_processes
  [ "$(actions_since "$since" event=die | wc -l)" = 2 ]
  [ "$(actions_since "$since" container=whole2)" = "$(printf 'create\nattach\nstart\ndie\ndestroy')" ]
}
