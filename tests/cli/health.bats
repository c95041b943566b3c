#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# health - checks run by the monitor: when they count, what they say, what follows
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
  remove_all_and_check
}

health_is() { # NAME STATUS
  [[ $(inspect_field "$1" .State.Health.Status) == "$2" ]]
}

health_events() {
  usr-ct events --since "$since" --until 0s --filter event=health_status --format json | jq -r .Action
}

fast=(--network none --health-interval 100ms --health-timeout "$((5 * PATIENCE))s" --health-retries 2)

@test "health: starting, healthy, unhealthy, and back" {
  usr-ct run -d --name new --network none --health-interval 1h --health-cmd true "$B" sleep 1000
  health_is new starting
  usr-ct rm -f new
  usr-ct run -d --name hc "${fast[@]}" -v "$PWD:/d" --health-cmd 'test -e /d/ok && echo fine' "$B" sleep 1000
  wait_until health_is hc unhealthy
  run_ct -0 ps
  assert_has "$output" "(unhealthy)"
  touch ok
  run_ct -0 wait --condition healthy hc
  run_ct -0 ps
  assert_has "$output" "(healthy)"
  [ "$(inspect_field hc .State.Health.FailingStreak)" = 0 ]
  usr-ct inspect hc | jq -e '.[0].State.Health.Log | length <= 5 and (.[-1] | .ExitCode == 0 and .Output == "fine\n" and .Start < .End)'
  usr-ct inspect hc | jq -e '.[0].Config.Healthcheck | .Test == ["CMD-SHELL", "test -e /d/ok && echo fine"] and .Interval == 100000000 and .Retries == 2'
  rm ok
  run_ct -0 wait --condition unhealthy hc
  run health_events
  assert_output "health_status: unhealthy
health_status: healthy
health_status: unhealthy"
  usr-ct rm -f hc
}

@test "health: a check has the secrets that are variables" {
  printf hunter2 | usr-ct secret create hc-pw - >/dev/null
  usr-ct run -d --name hc "${fast[@]}" --secret hc-pw,type=env,target=PW \
    --health-cmd 'test "$PW" = hunter2 && echo "$PATH"' "$B" sleep 1000
  usr-ct secret rm hc-pw
  wait_until health_is hc healthy
  [[ $(inspect_field hc '.State.Health.Log[0].Output') == /usr/* ]]
}

@test "health: a check that hangs is killed with all its children" {
  local limit=0.3s
  ((PATIENCE == 1)) || limit=6s
  usr-ct run -d --name hang --network none --health-interval 100ms --health-timeout $limit --health-retries 1 \
    --health-cmd 'echo before; sleep 987 & setsid sleep 987 & sleep 987' "$B" sleep 1000
  wait_until health_is hang unhealthy
  # On a busy machine the first ones may not even come to their echo.
  told() {
    usr-ct inspect hang | jq -e --arg limit $limit 'any(.[0].State.Health.Log[]; .ExitCode == -1 and
      (.Output | startswith("Health check exceeded timeout (\($limit))") and contains("before")))'
  }
  wait_until told
  # More checks are killed than children are left; in the end only the one that runs has some.
  sleepers() { usr-ct kill -s CONT hang >/dev/null; find "$CGROUP" -name cgroup.procs -exec cat {} + 2>/dev/null | while read -r p; do tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null; echo; done | grep -c '^sleep 987' || true; }
  few_sleepers() { [[ $(sleepers) -le 3 ]]; }
  wait_until test "$(inspect_field hang '.State.Health.Log | length')" -ge 1
  wait_until few_sleepers
  usr-ct rm -f hang
}

@test "health: the check after one that was killed is no victim of that" {
  usr-ct run -d --name slow --network none --health-interval 50ms --health-timeout "$((PATIENCE))s" --health-retries 1 \
    -v "$PWD:/d" --health-cmd 'test -e /d/ok || sleep 1000' "$B" sleep 1000
  wait_until health_is slow unhealthy
  touch ok
  wait_until health_is slow healthy
}

@test "health: the command does not exist, output is cut at 4096 bytes, any bytes" {
  usr-ct run -d --name none "${fast[@]}" --health-cmd '["no-such-command"]' "$B" sleep 1000
  usr-ct run -d --name long "${fast[@]}" --health-cmd 'head -c 100000 /dev/zero | tr "\0" x' "$B" sleep 1000
  usr-ct run -d --name odd "${fast[@]}" --health-cmd 'printf "a\377\001\"b\\\\ \303\244"' "$B" sleep 1000
  wait_until health_is none unhealthy
  usr-ct inspect none | jq -e '.[0].State.Health.Log[0] | .ExitCode == 127 and (.Output | contains("no-such-command"))'
  wait_until health_is long healthy
  usr-ct inspect long | jq -e '.[0].State.Health.Log[0].Output | length == 4096 and endswith("x...")'
  wait_until health_is odd healthy
  usr-ct inspect odd | jq -e '.[0].State.Health.Log[0].Output == "a?\u0001\"b\\ ä"'
}

@test "health: failures in the start period do not count" {
  usr-ct run -d --name slow --network none --health-interval 1h --health-start-period 1h --health-start-interval 50ms \
    --health-retries 1 -v "$PWD:/d" --health-cmd 'echo >>/d/tries; test -e /d/ok' "$B" sleep 1000
  tries() { [[ $(wc -l <tries) -ge $1 ]]; }
  wait_until tries 4
  health_is slow starting
  [ "$(inspect_field slow .State.Health.FailingStreak)" = 0 ]
  touch ok
  wait_until health_is slow healthy
}

@test "health: on failure kill and restart, or stop" {
  usr-ct run -d --name again "${fast[@]}" --health-retries 1 --health-cmd false --health-on-failure restart "$B" sleep 1000
  restarted() { [[ $(inspect_field again .RestartCount) -ge 2 ]]; }
  usr-ct run -d --name over "${fast[@]}" --health-retries 1 --health-cmd false --health-on-failure stop --restart always \
    --stop-timeout 0 "$B" sleep 1000
  usr-ct run -d --name shot "${fast[@]}" --health-retries 1 --health-cmd false --health-on-failure kill "$B" sleep 1000
  wait_until is_state over exited
  wait_until is_state shot exited
  [ "$(inspect_field shot .State.ExitCode)" = 137 ]
  WAIT_S=40 wait_until restarted
  usr-ct rm -f again
}

@test "health: a paused container is not checked" {
  [ -n "$CGROUP" ] || skip "no cgroup"
  usr-ct run -d --name frozen "${fast[@]}" --health-cmd true "$B" sleep 1000
  wait_until health_is frozen healthy
  usr-ct pause frozen
  before=$(inspect_field frozen '.State.Health.Log[-1].Start')
  run_ct -125 healthcheck run frozen
  assert_error 1807
  [ "$(inspect_field frozen .State.Health.Status)" = healthy ]
  usr-ct unpause frozen
  changed() { [[ $(inspect_field frozen '.State.Health.Log[-1].Start') != "$before" ]]; }
  wait_until changed
  health_is frozen healthy
}

@test "health: healthcheck run, now" {
  usr-ct run -d --name now --network none --health-interval 1h --health-cmd 'test -e /tmp/ok' "$B" sleep 1000
  run_ct -1 healthcheck run now
  assert_output unhealthy
  usr-ct exec now touch /tmp/ok
  run_ct -0 healthcheck run now
  health_is now healthy
  usr-ct run -d --name bare --network none "$B" sleep 1000
  run_ct -125 healthcheck run bare
  assert_error 1444
  usr-ct stop -t 0 bare
  run_ct -125 healthcheck run bare
  assert_error 1405
}

@test "health: a terminal, a user, an environment; the check is in the container" {
  usr-ct run -dt --name inside "${fast[@]}" -e WHO=me -u 1000 -w /tmp \
    --health-cmd 'test "$WHO$(id -u)$PWD$(hostname)" = "me1000/tmp$HOSTNAME" && test ! -t 0 && test "$(ls /proc/self/fd | wc -l)" -le 4' "$B" sleep 1000
  wait_until health_is inside healthy || { usr-ct inspect inside | jq '.[0].State.Health'; false; }
}

@test "health: none, and flags that make no sense" {
  usr-ct run -d --name plain --network none --health-cmd none "$B" sleep 1000
  [ "$(inspect_field plain .State.Health)" = null ]
  run_ct -125 run --no-healthcheck --health-cmd true "$B" true
  assert_error 1101
  run_ct -125 run --health-interval fast "$B" true
  assert_error 1102
  run_ct -125 run --health-cmd '["a", 1]' "$B" true
  assert_error 1102
}
