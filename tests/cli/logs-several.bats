#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# logs-several - logs of several containers, --details, files that are compressed, gaps

load helpers

setup_file() {
  setup_store busybox
  export B=$REGISTRY/busybox
}

teardown_file() {
  teardown_store
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
  usr-ct ps -aq | xargs -r usr-ct rm -f >/dev/null
  assert_nothing_left
}

log_dir() { # NAME
  printf '%s/usr-ct/containers/%s' "$XDG_DATA_HOME" "$(inspect_field "$1" .Id)"
}

@test "logs: of several are in the order of their times, behind ids, names or colours" {
  local id
  usr-ct run --name one --network none "$B" echo first
  usr-ct run --name two --network none "$B" echo second
  usr-ct start -a one >/dev/null
  run_ct -0 logs --names two one
  assert_output $'one first\ntwo second\none first'
  run_ct -0 logs two one
  id=$(inspect_field two .Id)
  assert_has "$output" "${id:0:12} second"
  run_ct -0 logs --names --color one two
  assert_has "$output" $'\e[36mone\e[0m first'
  assert_has "$output" $'\e[33mtwo\e[0m second'
  run_ct -0 logs --names one
  assert_output $'one first\none first'
  run_ct -0 logs --tail 1 --names one two
  assert_output $'two second\none first'
  run_ct -1 logs one nowhere
  assert_error 1401
}

@test "logs: -f of several goes on until the last has ended" {
  mkfifo gate
  usr-ct run -d --name one --network none "$B" sh -c 'echo a1; sleep 1; echo a2' >/dev/null
  usr-ct run -di --name two --network none "$B" sh -c 'echo b1; read x; echo b2' >/dev/null
  usr-ct logs -f --names one two >out &
  wait_until file_has out "one a2"
  wait_until is_state one exited
  echo go | usr-ct attach two >/dev/null
  wait
  [[ $(grep -c . out) == 4 ]]
  file_has out "two b2"
}

@test "logs: --details has what --log-opt labels, env and tag name" {
  usr-ct run --name one --network none -l tier=web -l team='a b' -l other=no -e LEVEL=7 -e SECRET=x \
    --log-opt labels=tier,team --log-opt env=LEVEL --log-opt tag='{{.ImageName}}/{{.Name}}' "$B" echo text
  run_ct -0 logs --details one
  assert_has "$output" "LEVEL=7,tag="
  assert_has "$output" ",team=a+b,tier=web text"
  usr-ct rename one uno
  run_ct -0 logs --details -t uno
  [[ $output =~ ^20.*Z\ LEVEL=7,tag=.*uno,team=a\+b,tier=web\ text$ ]]
  run_ct -0 run --name two --network none -l com.a=1 -l org.b=2 -e AB=1 -e CD=2 \
    --log-opt 'labels-regex=^com' --log-opt 'env-regex=^A' "$B" echo text
  run_ct -0 logs --details two
  assert_output "AB=1,com.a=1 text"
  run_ct -125 run --log-opt 'labels-regex=(' "$B" true
  assert_error 1441
  run_ct -125 run --log-opt 'tag={{.Nonsense}}' "$B" true
  assert_error 1441
}

# Whether all finished files are compressed.
is_squeezed() { # DIR
  ! compgen -G "$1/log.[0-9]" >/dev/null && compgen -G "$1/log.1.zst" >/dev/null
}

@test "logs: compress=true compresses what was rotated, and nothing is missing" {
  local dir n
  usr-ct run -di --name big --network none --log-opt max-size=20k --log-opt max-file=6 --log-opt compress=true \
    "$B" sh -c 'i=0; while [ $i -lt 1200 ]; do echo "number $i of the lines"; i=$((i+1)); done; echo finis; read x' >/dev/null
  wait_until log_has big finis
  dir=$(log_dir big)
  wait_until is_squeezed "$dir"
  zstd -dc "$dir/log.1.zst" | grep -q "number"
  run_ct -0 logs big
  n=$(printf '%s\n' "$output" | sed -n 's/^number \([0-9]*\) .*/\1/p' | head -n 1)
  [[ $output == "$(for ((; n < 1200; n++)); do echo "number $n of the lines"; done; echo finis)" ]]
  run_ct -0 logs --tail 700 big
  [[ ${#lines[@]} == 700 && ${lines[0]} == "number 501 of the lines" ]]
  (($(du -b "$dir/log.1.zst" | cut -f 1) < 10000))
}

@test "logs: -f across rotations with compression misses nothing and repeats nothing" {
  mkfifo gate
  usr-ct run -di --name big --network none --log-opt max-size=30k --log-opt max-file=50 --log-opt compress=true \
    "$B" sh -c 'read x; i=0; while [ $i -lt 5000 ]; do echo "$i"; i=$((i+1)); done' >/dev/null
  usr-ct logs -f big >out &
  echo go | usr-ct attach big >/dev/null
  wait
  seq 0 4999 | cmp - out
  run_ct -0 logs big
  [[ $output == "$(cat out)" ]]
  # Whoever is restarted goes on with the same files.
  echo go | usr-ct start -ai big >/dev/null
  run_ct -0 logs --tail 5000 big
  [[ $output == "$(cat out)" ]]
}

@test "logs: a compressed file that is damaged is an error, and --tail of the rest works" {
  local dir
  usr-ct run --name big --network none --log-opt max-size=20k --log-opt max-file=3 --log-opt compress=true \
    "$B" seq 1 1000 >/dev/null
  dir=$(log_dir big)
  wait_until is_squeezed "$dir"
  truncate -s 100 "$dir/log.1.zst"
  run_ct -1 logs big
  assert_error 1301
  run_ct -0 logs --tail 3 big
  assert_output $'998\n999\n1000'
}

@test "logs: options of compression that cannot be" {
  run_ct -125 run --log-opt compress=true --log-opt max-file=1 "$B" true
  assert_error 1441
  run_ct -125 run --log-opt compress=maybe "$B" true
  assert_error 1441
}

@test "logs: a follower that more files were rotated past says so on standard error" {
  usr-ct run -di --name fast --network none --log-opt max-size=10k --log-opt max-file=2 \
    "$B" sh -c 'echo begin; read x; seq 1 20000; echo end' >/dev/null
  wait_until log_has fast begin
  usr-ct logs -f fast >out 2>err &
  local reader=$!
  wait_until file_has out begin
  kill -STOP $reader
  echo go | usr-ct attach fast >/dev/null
  wait_until is_state fast exited
  kill -CONT $reader
  wait
  file_has err "is missing here"
  file_has out end
}
