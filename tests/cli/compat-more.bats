#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# compat-more - what other programs' own tests ask of the commands for containers
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox
  export IMG=$REGISTRY/busybox
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
}
teardown() {
  remove_all_and_check
}

health_is() { # NAME STATUS
  [[ $(inspect_field "$1" .State.Health.Status) == "$2" ]]
}

@test "ps --ns: the numbers of a container's namespaces, as podman lists them" {
  local pid
  usr-ct run -d --name web --network none --cidfile "$PWD/cid" "$IMG" sleep 1000
  usr-ct create --name idle --network none "$IMG" true
  pid=$(inspect_field web .State.Pid)
  run_ct -0 ps -a --ns
  assert_has "${lines[0]}" "CONTAINER ID"
  [ "$(xargs <<<"${lines[0]}")" = "CONTAINER ID NAMES PID CGROUPNS IPC MNT NET PIDNS USERNS UTS" ]
  run_ct -0 ps --format '{{.Namespaces.IPC}} {{.NET}} {{.Namespaces.PIDNS}} {{.USERNS}} {{.PID}}'
  assert_output "$(cd "/proc/$pid/ns" && for n in ipc net pid user; do readlink $n | tr -dc 0-9; echo -n ' '; done)$pid"
  [ "$(usr-ct ps -a --filter name=idle --format '[{{.MNT}}{{.Namespaces.UTS}}]')" = "[]" ]
  run_ct -0 ps --namespace --format json
  jq -e '.Names == "web" and (has("Namespaces") | not)' <<<"$output"
  [ "$(usr-ct ps --format '{{.CIDFile}}')" = "$PWD/cid" ]
  [ "$(usr-ct ps -a --filter name=idle --format '[{{.CIDFile}}]')" = "[]" ]
  run_ct -125 ps --ns -s
  assert_error 1131
}

@test "system df -v: commands, volumes and states of containers" {
  usr-ct run -d --name web --network none -v things:/t -v "$PWD:/d" "$IMG" sleep 1000
  usr-ct create --name idle --network none "$IMG" true
  run_ct -0 system df -v
  assert_has "$output" "CONTAINER ID   IMAGE"
  [ "$(grep '^CONTAINER ID' <<<"$output" | xargs)" = "CONTAINER ID IMAGE COMMAND LOCAL VOLUMES SIZE CREATED STATUS NAMES" ]
  [[ $(grep ' web$' <<<"$output") == *'"sleep 1000"   1 '*' Up '* ]]
  [[ $(grep ' idle$' <<<"$output") == *'"true" '*' 0 '*' Created '* ]]
  run_ct -0 system df -v --format '{{range .Containers}}{{.Names}}:{{.LocalVolumes}} {{end}}'
  assert_has "$output" "web:1"
  usr-ct rm -f -t 0 web
  usr-ct volume rm things
}

@test "info: who makes cgroups, and what there is to choose from" {
  run_ct -0 info --format '{{.CgroupDriver}} {{.LoggingDriver}} {{.Host.CgroupManager}} {{.Host.LogDriver}}'
  # tests/as-user gives a delegated subtree, and no systemd.
  assert_output "cgroupfs json-file cgroupfs json-file"
  run_ct -0 info --format '{{join .Plugins.Log ","}} {{join .Plugins.Volume ","}} {{.DefaultRuntime}}'
  assert_output "json-file,k8s-file,local,journald,none local usr-ct"
}

@test "update: health checks of a running container" {
  usr-ct run -d --name web --network none -v "$PWD:/d" "$IMG" sleep 1000
  run_ct -1 update --health-interval 100ms web
  assert_error 1131 "no health check"
  run_ct -0 update --health-cmd 'test -e /d/ok' --health-interval 100ms --health-retries 2 web
  assert_output web
  wait_until health_is web unhealthy
  touch ok
  wait_until health_is web healthy
  # The rest of it stays.
  run_ct -0 update --health-interval 1h --health-on-failure stop web
  run_ct -0 inspect -f '{{json .Config.Healthcheck.Test}} {{.Config.Healthcheck.Interval}} {{.Config.Healthcheck.Retries}} {{.Config.HealthcheckOnFailureAction}}' web
  assert_output '["CMD-SHELL","test -e /d/ok"] 3600000000000 2 stop'
  # Another command begins anew, and knows nothing of the old one's results.
  run_ct -0 update --health-cmd false --health-on-failure none web
  health_is web starting
  run_ct -1 healthcheck run web
  run_ct -0 update --no-healthcheck web
  [ "$(usr-ct inspect -f '{{.State.Health}} {{.Config.Healthcheck}}' web)" = "<nil> <nil>" ]
  run_ct -125 healthcheck run web
  assert_error 1444
  run_ct -125 update --no-healthcheck --health-cmd true web
  run_ct -125 update --health-startup-cmd true web
  assert_error 1120
}

@test "update: a check that hangs goes with its command, and a restart has the new one" {
  usr-ct run -d --name web --network none --health-cmd 'echo hangs >>/d/log; sleep 1000' --health-interval 50ms \
    --health-timeout 1h -v "$PWD:/d" "$IMG" sleep 2000
  wait_until test -s log
  run_ct -0 update --health-cmd 'echo new >>/d/log' web
  wait_until grep -q new log
  wait_until health_is web healthy
  ! usr-ct top web -o args | grep -q "sleep 1000$" || false
  : >log
  usr-ct restart -t 0 web
  wait_until grep -q new log
  [ "$(sort -u log)" = new ]
  # Of one that does not run, too; and what is refused changes nothing.
  usr-ct stop -t 0 web
  run_ct -1 update --health-retries 9 --restart sometimes web
  [ "$(inspect_field web .Config.Healthcheck.Retries)" = 3 ]
  run_ct -0 update --health-retries 9 --health-cmd none web
  [ "$(usr-ct inspect -f '{{.Config.Healthcheck}}' web)" = "<nil>" ]
}
