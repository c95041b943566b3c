#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# machine - what is left of containers when the machine was started again
bats_require_minimum_version 1.5.0
load ../../cli/helpers

@test "reboot: the user's manager runs without anybody having logged in" {
  run -0 systemctl --user is-system-running
  [ "$(loginctl show-user --value -p Linger "$USER")" = yes ]
}
