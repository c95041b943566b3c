#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# restart - policies carried out by the monitor, ended by the user, remembered on disk
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

runs_at_least() { # NAME COUNT
  [[ $(usr-ct logs "$1" | grep -c run) -ge $2 ]]
}

monitor_of() { # NAME
  sed -n 's/^monitor=//p' "$XDG_DATA_HOME/usr-ct/containers/$(inspect_field "$1" .Id)/state"
}

# After so many restarts the pause is long enough to do something in it.
late=$((PATIENCE > 1 ? 7 : 4))

restarted() { # NAME COUNT
  [[ $(inspect_field "$1" .RestartCount) -ge $2 ]]
}

@test "restart: on-failure:2 gives up after two restarts" {
  usr-ct run -d --name failing --network none --restart on-failure:2 "$B" sh -c 'echo run; exit 3'
  wait_until is_state failing exited
  [ "$(usr-ct logs failing | wc -l)" = 3 ]
  [ "$(inspect_field failing .RestartCount)" = 2 ]
  [ "$(inspect_field failing .State.ExitCode)" = 3 ]
  [ "$(inspect_field failing .HostConfig.RestartPolicy.Name)" = on-failure ]
  [ "$(inspect_field failing .HostConfig.RestartPolicy.MaximumRetryCount)" = 2 ]
}

@test "restart: on-failure leaves a success alone, always does not" {
  usr-ct run -d --name fine --network none --restart on-failure "$B" true
  usr-ct run -d --name again --network none --restart always "$B" echo run
  wait_until runs_at_least again 3
  is_state fine exited
  [ "$(inspect_field fine .RestartCount)" = 0 ]
  usr-ct stop -t 0 again
  is_state again exited
}

@test "restart: one and the same monitor, its memory and descriptors do not grow" {
  usr-ct run -d --name again --network none --restart always "$B" echo run
  wait_until runs_at_least again 2
  monitor=$(monitor_of again)
  count() { find "/proc/$monitor/fd" -mindepth 1 | wc -l; }
  # The state is told first; what the run had goes a moment later, and a fuse-overlayfs after that.
  between() { is_state again restarting && ! find "/proc/$monitor/fd" -lname 'mnt:*' | grep -q .; }
  wait_until between
  before=$(count)
  wait_until runs_at_least again 5
  # The next run may begin while they are counted: another pause is as good.
  no_more() { between && [ "$(count)" -le "$before" ]; }
  wait_until no_more
  [ "$(monitor_of again)" = "$monitor" ]
}

@test "restart: stop, kill and rm -f end it, also in the pause between two runs" {
  for how in "stop -t 0" kill "rm -f"; do
    usr-ct run -d --name paused --network none --restart always "$B" sh -c 'echo run; exit 1'
    wait_until restarted paused "$late" # the pause is 1.6 s by now
    wait_until is_state paused restarting
    # shellcheck disable=SC2086
    usr-ct $how paused
    if [ "$how" != "rm -f" ]; then
      is_state paused exited
      [ "$(inspect_field paused .State.ExitCode)" = 1 ]
      usr-ct rm paused
    fi
    wait_until no_leftover_processes
  done
}

@test "restart: rm without force refuses one that is between two runs" {
  usr-ct run -d --name paused --network none --restart always "$B" sh -c 'echo run; exit 1'
  wait_until restarted paused $((late + 1)) # the pause is 3.2 s by now
  wait_until is_state paused restarting
  run_ct -1 rm paused
  assert_error 1404 restarting
  run_ct -0 ps
  assert_has "$output" "Restarting (1)"
}

@test "restart: a running one that is killed from outside is started again, one killed by us is not" {
  usr-ct run -d --name victim --network none --restart unless-stopped "$B" sleep 1000
  kill -9 "$(inspect_field victim .State.Pid)"
  wait_until restarted victim 1
  wait_until is_state victim running
  usr-ct kill victim
  wait_until is_state victim exited
  [ "$(inspect_field victim .State.ExitCode)" = 137 ]
}

@test "restart: what each start makes is put away between runs: cgroup, network, mounts" {
  usr-ct run -d --name clean --restart always "$B" sh -c 'echo run; exit 1'
  wait_until runs_at_least clean 3
  wait_until eval 'is_state clean restarting && no_leftover_cgroups'
  usr-ct rm -f clean
}

@test "restart: with a terminal, and attached from the start" {
  run "$BATS_TEST_DIRNAME/../fixtures/terminal.py" usr-ct run -it --name term --network none --restart on-failure:1 "$B" \
    sh -c 'tty && echo run && exit 4' -- expect:/dev/ expect:run exit:4 restored
  [ "$status" = 0 ] || { printf '%s\n' "$output"; false; }
  wait_until is_state term exited
  [ "$(usr-ct logs term | grep -c run)" = 2 ]
}

@test "restart: a start that fails at once ends it and says why" {
  usr-ct run -d --name broken --network none --restart always -v "$PWD:/data" "$B" sh -c 'echo run; sleep 1000'
  wait_until runs_at_least broken 1
  dir=$XDG_DATA_HOME/usr-ct/containers/$(inspect_field broken .Id)
  mv "$dir/config.json" "$dir/away"
  kill -9 "$(inspect_field_raw broken pid)"
  wait_until state_has "$dir" status=exited
  grep config.json "$dir/state"
  mv "$dir/away" "$dir/config.json"
  usr-ct start broken
  usr-ct stop -t 0 broken
}

state_has() { # DIR TEXT
  grep -qF -- "$2" "$1/state"
}
inspect_field_raw() { # NAME KEY of the state file
  sed -n "s/^$2=//p" "$dir/state"
}

@test "restart: --rm and --restart exclude each other, nonsense is refused" {
  run_ct -125 run --rm --restart always "$B" true
  assert_error 1101 restart
  run_ct -125 run --restart sometimes "$B" true
  assert_error 1102 sometimes
  run_ct -125 run --restart always:3 "$B" true
  assert_error 1102
  run_ct -125 run --restart on-failure:many "$B" true
  assert_error 1102
}

@test "restart: start --filter should-start-on-boot starts what a reboot would have ended" {
  usr-ct run -d --name plain --network none "$B" sleep 1000
  usr-ct run -d --name wanted --network none --restart always "$B" sleep 1000
  usr-ct run -d --name left --network none --restart unless-stopped "$B" sleep 1000
  usr-ct run -d --name stopped --network none --restart unless-stopped "$B" sleep 1000
  usr-ct run -d --name stopped-always --network none --restart always "$B" sleep 1000
  usr-ct stop -t 0 stopped stopped-always
  # As a power cut: everything dies, nobody writes anything.
  for name in plain wanted left; do
    pid=$(inspect_field "$name" .State.Pid)
    kill -9 "$(monitor_of "$name")"
    kill -9 "$pid"
    wait_until is_gone "$pid"
  done
  run_ct -0 start --all --filter should-start-on-boot=true
  [ "$(wc -l <<<"$output")" = 3 ]
  is_state plain exited
  is_state wanted running
  is_state left running
  is_state stopped exited
  is_state stopped-always running
  run_ct -0 start --all --filter restart-policy=unless-stopped
  is_state stopped running
  usr-ct stop -t 0 wanted left stopped stopped-always
  run_ct -1 start --all --filter colour=red
  assert_error 1109
}

@test "restart: the monitor is killed in the pause: the container is an ended one" {
  usr-ct run -d --name bereft --network none --restart always "$B" sh -c 'echo run; exit 1'
  wait_until restarted bereft 5
  wait_until is_state bereft restarting
  monitor=$(monitor_of bereft)
  kill -9 "$monitor"
  wait_until is_gone "$monitor"
  is_state bereft exited
  usr-ct start bereft
  usr-ct rm -f bereft
}

@test "restart: the session's end is no reason to start again" {
  usr-ct run -d --name session --network none --restart always "$B" sh -c 'trap "exit 5" TERM; echo run; while :; do usleep 10000; done'
  wait_until runs_at_least session 1
  kill -TERM "$(monitor_of session)"
  wait_until is_state session exited
  [ "$(inspect_field session .State.ExitCode)" = 5 ]
  # It was not the user who stopped it.
  run_ct -0 start --all --filter should-start-on-boot=true
  [ "$(wc -l <<<"$output")" = 1 ]
  usr-ct stop -t 0 session
}
