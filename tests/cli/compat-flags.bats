#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# compat-flags - values of flags that scripts for docker and podman give
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox
  export IMG=$REGISTRY/busybox
}
teardown_file() {
  teardown_store
}
teardown() {
  remove_all_and_check
}

@test "run: an empty value is one that was not given" {
  local flag
  for flag in --name --hostname --workdir --user --cidfile --pidfile --restart --log-driver --stop-signal --ipc --pid \
    --uts --userns --cgroupns --cgroup-parent --platform --umask --mac-address --runtime --isolation; do
    run_ct -0 run --rm --network none "$flag" '' "$IMG" echo "$flag"
    assert_output "$flag"
  done
  usr-ct run -d --name web --network none "$IMG" sleep 1000
  run_ct -0 exec -w '' -u '' web pwd
  assert_output /
  usr-ct rm -f -t 0 web
}

@test "run: flags that cannot be had, with a value that changes nothing" {
  run_ct -0 run --rm --network none --systemd=false --sdnotify ignore --oom-kill-disable=false --memory-swappiness -1 \
    --blkio-weight=0 --isolation default --kernel-memory 0 --publish-all=false --seccomp-policy=default "$IMG" echo fine
  assert_output fine
  local flag
  for flag in --systemd --systemd=always --sdnotify=container --oom-kill-disable --memory-swappiness=60 \
    --isolation=hyperv --health-startup-cmd=true --health-max-log-count=9; do
    run_ct -125 run --rm --network none "$flag" "$IMG" true
    assert_error 1120
  done
  # The value may be the next word, and may be missing.
  run_ct -125 run --rm --network none --isolation process "$IMG" true
  assert_error 1120
  run_ct -125 run --isolation
  assert_error 1120
}

@test "stop, restart, rm: -t -1 waits for as long as it takes" {
  usr-ct run -d --name slow --network none "$IMG" sh -c \
    'trap "echo asked; read x </tmp/fifo; exit 7" TERM; mkfifo /tmp/fifo; echo ready; while :; do sleep 0.1; done'
  wait_until eval "usr-ct logs slow | grep -q ready"
  usr-ct stop -t -1 slow &
  local stopper=$!
  wait_until eval "usr-ct logs slow | grep -q asked"
  kill -0 "$stopper"
  usr-ct exec slow sh -c 'echo >/tmp/fifo' || true # it may be killed with the container
  wait "$stopper"
  run_ct -0 inspect -f '{{.State.ExitCode}}' slow
  assert_output 7
  run_ct -125 stop -t -2 slow
  assert_error 1102
  run_ct -0 rm -f -t -1 slow
}

@test "ps and logs: -1 is no limit" {
  usr-ct run --name old --network none "$IMG" sh -c 'echo 1; echo 2'
  usr-ct create --name new --network none "$IMG" true
  run_ct -0 ps -n -1 -q
  assert_output ""
  run_ct -0 ps -a -n -1 --format '{{.Names}}'
  assert_output $'new\nold'
  run_ct -0 logs --tail -1 old
  assert_output $'1\n2'
}

@test "create: an action for unhealthy ones without a check is an error" {
  run_ct -125 run --network none --health-on-failure kill "$IMG" true
  assert_error 1131
  run_ct -125 run --network none --health-on-failure kill --no-healthcheck "$IMG" true
  run_ct -0 run --rm --network none --health-on-failure none "$IMG" true
}

@test "events: an exec's two beginnings, podman's words and short ids" {
  local id
  id=$(usr-ct run -d --name watched --network none --label tier=one "$IMG" sleep 1000)
  usr-ct exec watched echo hi
  usr-ct rm -f -t 0 watched
  run_ct -0 events --since 1m --stream=false --filter container=watched --format '{{.Action}}'
  assert_has "$output" $'exec_create: echo hi\nexec_start: echo hi\nexec_die'
  run_ct -0 events --since 1m --stream=false --filter container=watched --filter event=exec_create --format '{{.Type}}'
  assert_output container
  run_ct -0 events --since 1m --stream=false --filter container=watched --filter status=died \
    --format '{{.Name}} {{.ContainerExitCode}} {{.Attributes.tier}}'
  assert_output "watched 137 one"
  run_ct -0 events --since 1m --stream=false --no-trunc=false --filter container=watched --filter event=start
  assert_has "$output" "container start ${id:0:12} ("
}

@test "commands of others that cannot be had say why" {
  local words
  for words in 'checkpoint web' 'container checkpoint web' 'container restore web' 'swarm init' 'service ls' \
    'context use other' 'system connection ls' 'machine start' 'container cleanup web' 'umount web' 'image trust show' \
    'image mount web' 'image scp web other::'; do
    # shellcheck disable=SC2086
    run_ct -125 $words
    assert_error 1832
    assert_has "$stderr" "${words%% *}"
  done
  run_ct -125 nonsense
  assert_error 1101
  run_ct -125 container nonsense
  assert_error 1101
}
