#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# health-image - health checks that an image carries, from the image to ps

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

is_health() { # CONTAINER STATE
  [[ $(usr-ct inspect -f '{{.State.Health.Status}}' "$1") == "$2" ]]
}

# local/checked:FORMAT looks for /well once a second.
make_image() { # FORMAT
  usr-ct run --name maker --network none "$B" sh -c 'echo well >/well'
  usr-ct commit -f "$1" -c "HEALTHCHECK --interval=1s --timeout=$((5 * PATIENCE))s --retries=2 --start-period=1ms CMD grep -q well /well" \
    maker "local/checked:$1" >/dev/null
  usr-ct rm maker >/dev/null
}

@test "health: of an image, in both formats: healthy, unhealthy, ps, events, exit" {
  local form
  for form in oci docker; do
    make_image "$form"
    usr-ct run -d --name "$form" --network none "local/checked:$form" sleep 1000 >/dev/null
    wait_until is_health "$form" healthy
    run_ct -0 ps --filter health=healthy --format '{{.Names}} {{.Status}}'
    assert_has "$output" "$form Up"
    assert_has "$output" "(healthy)"
    usr-ct exec "$form" sh -c 'echo ill >/well'
    wait_until is_health "$form" unhealthy
    [[ $(usr-ct inspect -f '{{.State.Health.FailingStreak}}' "$form") -ge 2 ]]
    run_ct -0 ps --filter health=unhealthy -q
    [[ -n $output ]]
    run_ct -0 events --since 1h --until 0s --filter "container=$form" --filter event=health_status --format '{{.Action}}'
    assert_has "$output" "health_status: healthy"
    assert_has "$output" "health_status: unhealthy"
    run_ct -0 inspect -f '{{json .Config.Healthcheck.Test}} {{.Config.Healthcheck.Retries}}' "$form"
    assert_output '["CMD-SHELL","grep -q well /well"] 2' || assert_output '["CMD","grep","-q","well","/well"] 2'
  done
}

@test "health: flags win over the image's check, and --no-healthcheck has none" {
  make_image oci
  usr-ct run -d --name mine --network none --health-cmd 'test -e /mine' --health-interval 1s local/checked:oci sleep 1000 >/dev/null
  wait_until is_health mine unhealthy
  usr-ct exec mine touch /mine
  wait_until is_health mine healthy
  run_ct -0 inspect -f '{{.Config.Healthcheck.Retries}}' mine
  assert_output 2
  usr-ct run -d --name none --network none --no-healthcheck local/checked:oci sleep 1000 >/dev/null
  run_ct -0 ps --filter name=none --format '{{.Status}}'
  assert_lacks "$output" health
  run_ct -125 healthcheck run none
}

@test "health: wait for the image's check from a script" {
  make_image oci
  usr-ct run -d --name slow --network none local/checked:oci sleep 1000 >/dev/null
  run_ct -0 wait --condition healthy --interval 250ms slow
  run_ct -0 healthcheck run slow
  usr-ct exec slow rm /well
  run_ct -1 healthcheck run slow
}
