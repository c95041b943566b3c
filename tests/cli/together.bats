#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# together - stop, kill and restart of several at once; restart of what removes itself; --latest

load helpers

setup_file() {
  setup_store busybox
  export B=$REGISTRY/busybox
}

teardown_file() {
  teardown_store
}

teardown() {
  usr-ct ps -aq | xargs -r usr-ct rm -f >/dev/null
  assert_nothing_left
}

# Seconds that each is given. Five of them, one after another, would take five times as long.
GRACE=$((PATIENCE > 1 ? 20 : 3))

took_one_grace() { # BEGAN
  ((SECONDS - $1 < 4 * GRACE)) || fail "took $((SECONDS - $1)) s"
}

deaf() { # NAME... containers that do not obey a stop signal
  local name
  for name in "$@"; do
    usr-ct run -d --name "$name" --network none "$B" sh -c 'trap "" TERM; echo up; while :; do sleep 1000; done' >/dev/null
    wait_until log_has "$name" up
  done
}

@test "together: stop of many takes one time-out and tells in the order of the arguments" {
  local began
  deaf aa bb cc dd ee
  usr-ct run -d --name quick --network none "$B" sleep 1000
  began=$SECONDS
  run_ct -0 stop -t "$GRACE" cc quick aa ee dd bb
  took_one_grace "$began"
  assert_output $'cc\nquick\naa\nee\ndd\nbb'
  run_ct -0 ps -q
  assert_output ""
}

@test "together: one that does not exist does not keep the others" {
  deaf aa bb
  run_ct -1 stop -t 1 aa nowhere bb
  assert_output $'aa\nbb'
  assert_error 1401 nowhere
  run_ct -0 stop -i aa nowhere bb
  assert_output $'aa\nbb'
}

@test "together: kill of many" {
  deaf aa bb cc
  run_ct -0 kill aa bb cc
  assert_output $'aa\nbb\ncc'
  run_ct -0 rm aa bb cc
  run_ct -1 kill aa
  assert_error 1401
}

@test "together: rm -f -t asks all of them before it kills" {
  local began
  deaf aa bb cc dd ee
  began=$SECONDS
  run_ct -0 rm -f -t "$GRACE" aa bb cc dd ee
  took_one_grace "$began"
  assert_output $'aa\nbb\ncc\ndd\nee'
}

@test "together: restart of many takes one time-out, and all run again" {
  local began
  deaf aa bb cc dd ee
  usr-ct stop -t 0 cc
  began=$SECONDS
  run_ct -0 restart -t "$GRACE" aa bb cc dd ee
  took_one_grace "$began"
  assert_output $'aa\nbb\ncc\ndd\nee'
  run_ct -0 ps --filter status=running --sort names --format '{{.Names}}'
  assert_output $'aa\nbb\ncc\ndd\nee'
}

@test "together: restart keeps a container that was made with --rm, until it ends" {
  local first
  usr-ct run -d --rm --name temp --network none "$B" sh -c 'trap "exit 0" TERM; echo up; while :; do sleep 0.1; done'
  first=$(inspect_field temp .State.Pid)
  usr-ct exec temp touch /mark
  for _ in 1 2 3; do
    run_ct -0 restart -t 5 temp
    assert_output temp
  done
  [[ $(inspect_field temp .State.Pid) != "$first" ]]
  run_ct -0 exec temp ls /mark
  [[ $(inspect_field temp .RestartCount) == 0 ]]
  run_ct -0 events --since 1h --until 0s --filter container=temp --filter event=restart --format '{{.Action}}'
  assert_output $'restart\nrestart\nrestart'
  run_ct -0 stop temp
  run_ct -0 ps -aq
  assert_output ""
}

@test "together: a --rm container whose monitor was killed is not restarted, and left running" {
  usr-ct run -d --rm --name orphan --network none "$B" sleep 1000
  kill -9 "$(sed -n 's/^monitor=//p' "$XDG_DATA_HOME"/usr-ct/containers/*/state)"
  wait_until is_state orphan running
  run_ct -1 restart -t 1 orphan
  assert_error 1112 orphan
  run_ct -0 ps -q --no-trunc
  [[ -n $output ]]
}

@test "together: a --rm container that cannot be started again is told of, and gone" {
  mkdir "$FILE_DIR/source"
  usr-ct run -d --rm --name temp --network none -v "$FILE_DIR/source:/data" "$B" sleep 1000
  rmdir "$FILE_DIR/source"
  run_ct -1 restart -t 0 temp
  assert_error 1112 temp
  run_ct -0 ps -aq
  assert_output ""
}

@test "latest: stands for the newest container, wherever one is named" {
  usr-ct run -d --name old --network none "$B" sh -c 'echo old; sleep 1000'
  usr-ct run -d --name new --network none "$B" sh -c 'echo new; sleep 1000'
  wait_until log_has new new
  run_ct -0 exec -l echo in new
  assert_output "in new"
  run_ct -0 exec --latest sh -c 'echo $0' -l
  assert_output "-l"
  run_ct -0 top -l pid,args
  assert_has "$output" "sleep 1000"
  run_ct -0 logs -l
  assert_output new
  run_ct -0 inspect -l --format '{{.Name}}'
  assert_output /new
  run_ct -0 diff -l
  run_ct -0 stats -l --no-stream --format '{{.Name}}'
  assert_output new
  run_ct -0 port -l
  run_ct -0 stop -l -t 0
  assert_output new
  run_ct -0 wait -l
  assert_output 137
  run_ct -0 start -l
  assert_output new
  run_ct -125 wait -l old
  assert_error 1101
  run_ct -125 exec -l
  assert_error 1101
  usr-ct rm -f --all
  run_ct -1 logs -l
  assert_error 1401
}

@test "pause: --all, --filter, --ignore" {
  [[ -n $CGROUP ]] || skip "no delegated cgroup"
  usr-ct run -d --name aa --network none "$B" sleep 1000
  usr-ct run -d --name bb --network none "$B" sleep 1000
  usr-ct pause aa
  run_ct -0 pause --all
  assert_output bb
  run_ct -0 ps --filter status=paused --sort names --format '{{.Names}}'
  assert_output $'aa\nbb'
  run_ct -0 unpause --filter name=^aa
  assert_output aa
  run_ct -0 unpause -i nowhere bb
  assert_output bb
  run_ct -1 unpause aa
}
