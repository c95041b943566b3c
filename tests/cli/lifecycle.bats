#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# lifecycle - containers in the background: create, start, ps, logs, stop, kill, rm, inspect
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox stopsignal
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

@test "ps: lists what runs, -a also what has ended" {
  usr-ct run -d --name runs "$B" sleep 1000
  usr-ct run --name ended "$B" sh -c 'exit 3' || true
  run_ct -0 ps
  assert_has "${lines[0]}" "CONTAINER ID"
  assert_has "${lines[0]}" "NAMES"
  [ "${#lines[@]}" = 2 ]
  assert_has "${lines[1]}" runs
  assert_has "${lines[1]}" "sleep 1000"
  assert_has "${lines[1]}" "Up "
  assert_has "${lines[1]}" busybox
  run_ct -0 ps -a
  [ "${#lines[@]}" = 3 ]
  assert_has "$output" "Exited (3)"
}

@test "ps: -q prints ids only, --no-trunc all of them" {
  id=$(usr-ct run -d "$B" sleep 1000)
  run_ct -0 ps -q
  assert_output "${id:0:12}"
  run_ct -0 ps -q --no-trunc
  assert_output "$id"
}

@test "ps: is empty and creates nothing in a store that does not exist" {
  XDG_DATA_HOME=$PWD/nothing run_ct -0 ps -a
  [ "${#lines[@]}" = 1 ]
  [ ! -e nothing ]
}

@test "logs: each stream goes where it came from, byte for byte" {
  usr-ct run -d --name talks "$B" sh -c 'printf "out\0\n"; printf err >&2'
  wait_until is_state talks exited
  usr-ct logs talks >out 2>err
  printf 'out\0\n' | cmp - out
  printf err | cmp - err
}

@test "logs: an attached run is logged as well" {
  usr-ct run --name spoke "$B" echo words >/dev/null
  run_ct -0 logs spoke
  assert_output words
}

@test "logs: -f follows until the container ends" {
  mkdir gate
  usr-ct run -d --name talks -v ./gate:/gate "$B" sh -c 'echo first; until [ -e /gate/go ]; do usleep 10000; done; echo last'
  within 30 usr-ct logs -f talks >out 2>&1 3>&- &
  follower=$!
  wait_until file_has out first
  touch gate/go
  wait "$follower"
  [ "$(cat out)" = "$(printf 'first\nlast')" ]
}

@test "logs: --tail gives the last lines" {
  usr-ct run --name counts "$B" seq 100 >/dev/null
  run_ct -0 logs --tail 3 counts
  assert_output "$(seq 98 100)"
  run_ct -0 logs --tail 0 counts
  assert_output ""
}

@test "logs: a megabyte of one line and a line without end survive" {
  usr-ct run --name large "$B" sh -c 'head -c 1000000 /dev/zero | tr "\0" x; printf end' >want
  usr-ct logs large >got
  cmp want got
}

@test "stop: SIGTERM first, and the exit code is kept" {
  usr-ct run -d --name polite "$B" signals
  wait_until log_has polite ready
  run_ct -0 stop polite
  assert_output polite
  assert_has "$(usr-ct logs polite)" "got TERM"
  [ "$(inspect_field polite .State.ExitCode)" = 40 ]
}

@test "stop: the image's stop signal is used" {
  usr-ct run -d --name polite "$REGISTRY/stopsignal"
  wait_until log_has polite ready
  run_ct -0 stop polite
  assert_has "$(usr-ct logs polite)" "got USR1"
}

@test "stop: what ignores the signal is killed when the time is up" {
  usr-ct run -d --name stubborn "$B" stubborn
  wait_until log_has stubborn ready
  before=$SECONDS
  run_ct -0 stop -t 1 stubborn
  [ $((SECONDS - before)) -lt $((8 * PATIENCE)) ]
  [ "$(inspect_field stubborn .State.ExitCode)" = 137 ]
}

@test "stop: a container that does not run is no error" {
  usr-ct run --name ended "$B" true
  run_ct -0 stop ended
}

@test "stop: several at once, by name and by id prefix" {
  usr-ct run -d --name one "$B" sleep 1000
  id=$(usr-ct run -d "$B" sleep 1000)
  run_ct -0 stop -t 0 one "${id:0:10}"
  run_ct -0 ps -q
  assert_output ""
}

@test "kill: sends SIGKILL, or the signal asked for" {
  usr-ct run -d --name victim "$B" signals
  wait_until log_has victim ready
  run_ct -0 kill -s HUP victim
  wait_until log_has victim "got HUP"
  run_ct -0 kill victim
  wait_until is_state victim exited
  [ "$(inspect_field victim .State.ExitCode)" = 137 ]
  run_ct -1 kill victim
  assert_error 1405
}

@test "rm: a running container only with -f" {
  usr-ct run -d --name busy "$B" sleep 1000
  run_ct -1 rm busy
  assert_error 1404 busy
  run_ct -0 rm -f busy
  run_ct -0 ps -aq
  assert_output ""
}

@test "rm: an unknown name is an error, the others are removed" {
  usr-ct run --name there "$B" true
  run_ct -1 rm there not-there
  assert_error 1401 not-there
  run_ct -0 ps -aq
  assert_output ""
}

@test "rm: files of any owner and any mode go" {
  usr-ct run --name messy "$B" sh -c 'mkdir -p /d/e; touch /d/e/f; chown -R 1234:5678 /d; chmod 000 /d/e /d'
  run_ct -0 rm messy
}

@test "run -d --rm: removes itself when it ends" {
  usr-ct run -d --rm --name brief "$B" true
  listed() { [[ -n $(usr-ct ps -aq) ]]; }
  not_listed() { ! listed; }
  wait_until not_listed
}

@test "create and start: made first, run later, run again" {
  run_ct -0 create --name later "$B" sh -c 'echo run >>/count; cat /count'
  [[ $output =~ ^[0-9a-f]{64}$ ]]
  is_state later created
  run_ct -0 ps
  [ "${#lines[@]}" = 1 ]
  run_ct -0 ps -a
  assert_has "$output" Created
  run_ct -0 start -a later
  assert_output run
  run_ct -0 start -a later
  assert_output "$(printf 'run\nrun')"
}

@test "start: a running container is no error and stays one" {
  usr-ct run -d --name up "$B" sleep 1000
  pid=$(inspect_field up .State.Pid)
  run_ct start up
  [ "$(inspect_field up .State.Pid)" = "$pid" ]
}

@test "inspect: says what is true" {
  id=$(usr-ct run -d --name look -e A=b -w /tmp "$B" sleep 1000)
  run_ct -0 inspect look
  jq -e . <<<"$output" >/dev/null
  [ "$(jq -r '.[0].Id' <<<"$output")" = "$id" ]
  [ "$(jq -r '.[0].Name' <<<"$output" | tr -d /)" = look ]
  [ "$(jq -r '.[0].State.Status' <<<"$output")" = running ]
  [ "$(jq -r '.[0].State.Running' <<<"$output")" = true ]
  [ "$(jq -r '.[0].Config.WorkingDir' <<<"$output")" = /tmp ]
  assert_has "$(jq -r '.[0].Config.Env[]' <<<"$output")" A=b
  pid=$(jq -r '.[0].State.Pid' <<<"$output")
  assert_has "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "sleep 1000"
  usr-ct stop -t 0 look
  [ "$(inspect_field look .State.Running)" = false ]
  [ "$(inspect_field look .State.Pid)" = 0 ]
  [[ $(inspect_field look .State.FinishedAt) == 20* ]]
}

@test "containers are found by name, id and unique prefix" {
  id=$(usr-ct run -d --name known "$B" sleep 1000)
  for ref in known "$id" "${id:0:12}" "${id:0:4}"; do
    [ "$(inspect_field "$ref" .Id)" = "$id" ]
  done
  run_ct -1 logs unknown
  assert_error 1401 unknown
  run_ct -1 inspect unknown
  assert_has "$stderr" unknown
}

@test "a prefix that fits several is refused" {
  # By the pigeonhole principle two of seventeen ids share their first digit.
  for _ in $(seq 17); do
    usr-ct create "$B" true >>ids
  done
  digit=$(cut -c1 ids | sort | uniq -d | head -1)
  run_ct -1 rm "$digit"
  assert_error 1402
  [ "$(usr-ct ps -aq | wc -l)" = 17 ]
}

@test "a stopped container keeps its files over a restart" {
  usr-ct run --name writes "$B" sh -c 'echo kept >/file'
  usr-ct create --name other "$B" true
  run_ct -0 start -a writes
  data=$XDG_DATA_HOME/usr-ct/containers/$(inspect_field writes .Id)
  [ -d "$data" ]
}

@test "the monitor of a container in the background survives its starter's session" {
  setsid bash -c 'usr-ct run -d --name orphan "$1" sleep 1000' - "$B" >/dev/null
  is_state orphan running
}

@test "state survives the loss of the runtime directory, as after a reboot" {
  usr-ct run --name before "$B" sh -c 'exit 5' || true
  rm -rf "${XDG_RUNTIME_DIR:?}/usr-ct"
  [ "$(inspect_field before .State.ExitCode)" = 5 ]
  run_ct -0 ps -a
  assert_has "$output" "Exited (5)"
}

@test "fifty containers: started, listed, stopped, removed" {
  for i in $(seq 50); do
    usr-ct run -d --name "c$i" --network none "$B" sleep 1000 >/dev/null 2>&1 3>&- &
    ((i % 10)) || wait
  done
  wait
  [ "$(usr-ct ps -q | wc -l)" = 50 ]
  usr-ct ps -q | xargs usr-ct rm -f >/dev/null
  [ "$(usr-ct ps -aq | wc -l)" = 0 ]
}

@test "start: at once after it ended, again and again" {
  usr-ct create --name again --network none "$B" true
  for i in $(seq 20); do
    run_ct -0 start -a again
  done
  usr-ct run -d --name loop --network none "$B" sleep 1000
  for i in $(seq 5); do
    run_ct -0 stop -t 0 loop
    run_ct -0 start loop
  done
}

# A sweeper must not take a launcher for dead that has just made its marker.
@test "run: sixty at once, none is swept away while it starts" {
  seq 60 | xargs -P 20 -I{} sh -c 'usr-ct run --rm --network none "$1" true || echo "failed: {}"' - "$B" >out 2>&1
  [ ! -s out ] || { cat out; false; }
}

@test "rm: of one that is being started; -f waits for that" {
  usr-ct create --name ct --network none "$REGISTRY/busybox" true >/dev/null
  dir=$XDG_DATA_HOME/usr-ct/containers/$(inspect_field ct .Id)
  mkfifo gate
  # The lock that whoever starts it has.
  flock -x "$dir" sh -c 'echo held >held; read -r _ <gate' 3>&- &
  wait_until file_has held held
  run_ct -1 rm ct
  assert_has "$stderr" "is being started"
  usr-ct rm -f ct >removed 2>&1 3>&- &
  pid=$!
  run_ct -0 inspect ct
  echo >gate
  wait "$pid"
  [ "$(cat removed)" = ct ]
  run_ct -1 inspect ct
}

@test "run --timeout: killed after so long, each time" {
  local n
  for n in 1 2; do
    if [ $n = 1 ]; then
      run_ct -137 run --name late --network none --timeout 1 "$B" sh -c 'echo up; sleep 1000'
    else
      run_ct -137 start -a late
    fi
    assert_output up
  done
  [ "$(inspect_field late .State.ExitCode)" = 137 ]
  [ "$(inspect_field late .Config.Timeout)" = 1 ]
  [ "$(inspect_field late .State.OOMKilled)" = false ]
  # One that is done before is not touched.
  run_ct -0 run --rm --network none --timeout 1000 "$B" true
  usr-ct rm late
}
