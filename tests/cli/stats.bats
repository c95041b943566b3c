#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# stats - what containers use
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

person() {
  run "$BATS_TEST_DIRNAME/../fixtures/terminal.py" "$@"
  [ "$status" = 0 ] || { printf '%s\n' "$output"; false; }
}

@test "stats: a table of what runs" {
  usr-ct run -d --name busy --network none "$B" sh -c 'while :; do :; done'
  usr-ct create --name idle "$B" true
  run_ct -0 stats --no-stream
  for title in "CONTAINER ID" NAME "CPU %" "MEM USAGE / LIMIT" "MEM %" "NET I/O" "BLOCK I/O" PIDS; do
    assert_has "${lines[0]}" "$title"
  done
  [ "${#lines[@]}" = 2 ]
  assert_has "${lines[1]}" busy
  run_ct -0 stats --no-stream --all --format '{{.Name}}'
  assert_has "$output" idle
}

@test "stats: numbers are plausible" {
  usr-ct run -d --name busy "$B" sh -c 'sleep 1000 & while :; do :; done'
  wait_until eval '[[ $(usr-ct stats --no-stream --format "{{.PIDs}}" busy) == 2 ]]'
  run_ct -0 stats --no-stream --format '{{.CPUNano}} {{.MemUsageBytes}} {{.MemLimit}} {{.CPUPerc}} {{.AvgCPU}}' busy
  read -r cpu used limit perc avg <<<"$output"
  [ "$cpu" -gt 0 ] && [ "$used" -gt 100000 ] && [ "$limit" -gt "$used" ]
  [[ $perc =~ ^[0-9]+\.[0-9]{2}%$ && $avg =~ ^[0-9]+\.[0-9]{2}%$ && $perc != 0.00% ]]
}

@test "stats: --format json has docker's fields, and --no-trunc the whole id" {
  id=$(usr-ct run -d --name ct "$B" sleep 1000)
  run_ct -0 stats --no-stream --format json ct
  [[ $(jq -r 'keys | join(" ")' <<<"$output") == "BlockIO CPUPerc Container ID MemPerc MemUsage Name NetIO PIDs" ]]
  [[ $(jq -r .Container <<<"$output") == ct && $(jq -r .ID <<<"$output") == "${id:0:12}" ]]
  run_ct -0 stats --no-stream --no-trunc --format '{{.ID}}' ct
  assert_output "$id"
}

@test "stats: names that are wrong, flags that exclude each other" {
  run_ct -1 stats --no-stream no-such
  assert_error 1401
  run_ct -125 stats --plot --format json
  assert_error 1101
  run_ct -125 stats --interval 0
  assert_error 1102
}

@test "stats: a container that does not run has zeros" {
  usr-ct create --name ct "$B" true
  run_ct -0 stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.PIDs}}' ct
  assert_output "ct 0.00% 0"
}

@test "stats: ends when the containers that were named have ended" {
  usr-ct run -d --name ct "$B" sleep 1000
  usr-ct stats --format '{{.Name}} {{.PIDs}}' ct >out 3>&- &
  pid=$!
  wait_until grep -qx 'ct 1' out
  usr-ct kill ct
  wait_until is_gone "$pid"
  wait "$pid"
}

@test "stats: on a terminal it redraws, and shows the cursor again at the end" {
  usr-ct run -d --name ct "$B" sleep 1000
  person usr-ct stats -- 'expect:CONTAINER ID' expect:PIDS 'expect:CONTAINER ID' 'send:\x03' exit:0 restored
  assert_has "$output" $'\033[?25l'
  assert_has "$output" $'\033[H'
  assert_has "${output##*'[?25l'}" $'\033[?25h'
  person usr-ct stats ct -- 'expect:CONTAINER ID' signal:TERM exit:0 restored
}

@test "stats: --plot draws lines, in ASCII where there is no UTF-8" {
  usr-ct run -d --name ct "$B" sh -c 'while :; do :; done'
  person env LC_ALL=C.UTF-8 usr-ct stats --plot ct -- expect:cpu expect:mem 'expect:▁' 'send:\x03' exit:0 restored
  person env LC_ALL=C usr-ct stats --plot ct -- expect:cpu expect:_ 'send:\x03' exit:0 restored
  assert_lacks "$output" ▁
  run_ct -0 stats --plot --no-stream
  assert_has "$output" "cpu "
}

@test "stats: what is paused says so" {
  usr-ct run -d --name ct "$B" sleep 1000
  usr-ct pause ct
  run_ct -0 stats --no-stream --format '{{.Paused}} {{.PIDs}}' ct
  assert_output "true 1"
}
