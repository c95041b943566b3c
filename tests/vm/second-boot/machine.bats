#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# machine - what is left of containers when the machine was started again
bats_require_minimum_version 1.5.0
load ../../cli/helpers

@test "reboot: the user's manager runs without anybody having logged in" {
  run -0 within 60 systemctl --user is-system-running --wait
  [ "$(loginctl show-user --value -p Linger "$USER")" = yes ]
  run_ct doctor --json
  assert_has "$(jq -r '.[] | select(.id == "restart") | .reason' <<<"$output")" "start at boot"
  assert_has "$(jq -r '.[] | select(.id == "logout") | .reason' <<<"$output")" "go on"
}

@test "reboot: always and unless-stopped run again, without anybody having logged in" {
  wait_until is_state boot-always running
  wait_until is_state boot-unless-stopped running
  run_ct -0 exec boot-always true
}

@test "reboot: what was stopped stays so, and the rest is told truthfully" {
  wait_until is_state boot-unless-stopped running
  is_state boot-stopped exited
  is_state boot-on-failure exited
  is_state boot-no exited
  export XDG_DATA_HOME=$HOME/.local/share FILE_DIR=$HOME/.local/share/usr-ct
  usr-ct ps -aq | xargs usr-ct rm -f >/dev/null
  assert_nothing_left
}
