#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# logs - rotation, drivers, followers, and a disk that is full
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
  [[ -z ${reader:-} ]] || kill -KILL "$reader" 2>/dev/null || true
  remove_all_and_check
}

dir_of() { # NAME
  printf '%s\n' "$XDG_DATA_HOME/usr-ct/containers/$(inspect_field "$1" .Id)"
}

@test "logs: rotation keeps max-file files of at most max-size" {
  usr-ct run --name rot --network none --log-opt max-size=100k --log-opt max-file=3 "$B" seq 1 20000 >/dev/null
  dir=$(dir_of rot)
  [ -e "$dir/log" ] && [ -e "$dir/log.1" ] && [ -e "$dir/log.2" ] && [ ! -e "$dir/log.3" ] && [ ! -e "$dir/log.new" ]
  [ "$(stat -c %s "$dir/log.1")" -le 102400 ]
  # What is left is the end, without a gap. It may begin with the rest of a line that came in two pieces.
  usr-ct logs rot >got
  seq "$(sed -n 2p got)" 20000 | cmp - <(sed 1d got)
  [[ $(sed -n 2p got) -gt 1 && $(($(sed -n 2p got) - 1)) == *"$(head -1 got)" ]]
  usr-ct logs --tail 3000 rot | cmp - <(seq 17001 20000)
  usr-ct logs --tail 1 rot | cmp - <(echo 20000)
  usr-ct start -a rot >/dev/null
  usr-ct logs --tail 1 rot | cmp - <(echo 20000)
}

@test "logs: -f across rotations misses nothing and repeats nothing" {
  usr-ct run -d --name flow --network none -v "$PWD:/d" --log-opt max-size=20k --log-opt max-file=500 "$B" \
    sh -c 'seq 1 3000; while ! test -e /d/go; do usleep 1000; done; seq 3001 30000'
  usr-ct logs -f flow >got 2>&1 3>&- &
  reader=$!
  reached() { [[ $(wc -l <got) -ge 3000 ]]; }
  wait_until reached
  touch go
  wait "$reader"
  seq 1 30000 | cmp - got
}

@test "logs: -f goes on over restarts until the end" {
  usr-ct run -d --name again --network none --restart on-failure:3 "$B" sh -c 'echo run; exit 1'
  run within 20 usr-ct logs -f again
  assert_status 0
  [ "${#lines[@]}" = 4 ]
}

@test "logs: a reader that is slow, or has stopped, does not stop the container" {
  usr-ct run -d --name swift --network none --log-opt max-size=50k --log-opt max-file=2 "$B" \
    sh -c 'seq 1 50000; echo last; sleep 1000'
  mkfifo slow
  usr-ct logs -f swift >slow 2>&1 3>&- &
  reader=$!
  exec 8<slow
  kill -STOP "$reader"
  wait_until log_has swift last
  kill -CONT "$reader"
  # It was overtaken: it goes on with what is left, whole lines, up to the end.
  within 20 sed -n '/^last$/{p;q}' <&8 | grep -q last
  exec 8<&-
  usr-ct stop -t 0 swift
}

@test "logs: --since, --until and -t over several files" {
  usr-ct run --name timed --network none --log-opt max-size=10k --log-opt max-file=9 "$B" seq 1 1500 >/dev/null
  usr-ct logs -t timed >stamped
  middle=$(sed -n 700p stamped | cut -d' ' -f1)
  usr-ct logs --since "$middle" timed >young
  usr-ct logs --until "$middle" timed >old
  [ "$(tail -1 young)" = 1500 ]
  [ "$(head -1 old)" = 1 ]
  [ $(($(wc -l <young) + $(wc -l <old))) -ge 1500 ]
  run_ct -0 logs --since 1h --tail 1 timed
  assert_output 1500
  usr-ct logs --until 1h timed | cmp - /dev/null
}

@test "logs: none keeps nothing and says so" {
  run_ct -0 run --name mute --network none --log-driver none "$B" echo seen
  assert_output seen
  [ ! -e "$(dir_of mute)/log" ]
  run_ct -1 logs mute
  assert_error 1442
  [ "$(inspect_field mute .HostConfig.LogConfig.Type)" = none ]
}

@test "logs: the other names of the file, and what is refused" {
  for driver in json-file k8s-file local; do
    usr-ct run --rm --network none --log-driver "$driver" --log-opt max-size=1m "$B" true
  done
  run_ct -125 run --rm --log-driver syslog "$B" true
  assert_error 1440 syslog
  run_ct -125 run --rm --log-opt max-size=huge "$B" true
  assert_error 1441 huge
  run_ct -125 run --rm --log-opt max-file=0 "$B" true
  assert_error 1441
  run_ct -125 run --rm --log-opt colour=red "$B" true
  assert_error 1441 colour
  run_ct -125 run --rm --log-opt compress=perhaps "$B" true
  assert_error 1441
}

@test "logs: journald gets each line with its fields" {
  python3 - "$PWD/socket" >entries 3>&- <<'PY' &
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
while True:
    data = s.recv(1 << 20)
    sys.stdout.write(data.decode("utf-8", "replace") + "--\n")
    sys.stdout.flush()
    if b"MESSAGE=end" in data:
        break
PY
  reader=$!
  wait_until test -S socket
  usr-ct run --rm --name journalled --network none --log-driver journald --log-opt tag=mine --log-opt "socket=$PWD/socket" "$B" \
    sh -c 'echo one; echo bad >&2; printf part; sleep 0.1; echo; echo end' >/dev/null 2>&1
  wait "$reader"
  grep -q '^CONTAINER_NAME=journalled$' entries
  grep -q '^CONTAINER_TAG=mine$' entries
  grep -qE '^CONTAINER_ID_FULL=[0-9a-f]{64}$' entries
  grep -A1 '^PRIORITY=3$' entries | grep -q '^MESSAGE=bad$'
  grep -A1 '^MESSAGE=part$' entries | grep -q '^CONTAINER_PARTIAL_MESSAGE=true$'
  run_ct -125 run --rm --network none --log-driver journald --log-opt "socket=$PWD/nowhere" "$B" true
  assert_error 1440 nowhere
}

@test "logs: a full disk stops the log and not the container" {
  [[ -n ${USRCT_TEST_SMALL_DISK:-} ]] || skip "no small disk"
  export XDG_DATA_HOME=$USRCT_TEST_SMALL_DISK/logs
  mkdir -p "$XDG_DATA_HOME"
  usr-ct pull "$REGISTRY/busybox" >/dev/null
  free=$(df --output=avail -B1 "$XDG_DATA_HOME" | tail -1)
  run_ct -0 run --name full --network none --log-opt max-size=-1 "$B" sh -c "head -c $((free * 2)) /dev/zero | tr '\0' '\n'; echo over >&2; exit 0"
  assert_has "$stderr" over
  is_state full exited
  usr-ct rm -f full
  usr-ct rmi "$REGISTRY/busybox"
}
