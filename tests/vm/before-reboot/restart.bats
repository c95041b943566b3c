#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# restart - what runs when the machine goes down; tests/vm/second-boot looks at what came back
#
# In the user's own store, which the unit that starts containers at boot looks into, too.
bats_require_minimum_version 1.5.0
load ../../cli/helpers

@test "reboot: containers of every restart policy run, one of them was stopped" {
  B=$REGISTRY/busybox
  usr-ct pull "$B" >/dev/null
  for policy in always unless-stopped on-failure no; do
    usr-ct run -d --name "boot-$policy" --restart "$policy" --network none "$B" sleep 100000
  done
  usr-ct run -d --name boot-stopped --restart unless-stopped --network none "$B" sleep 100000
  run_ct -0 stop -t 0 boot-stopped
  run -0 systemctl --user enable usr-ct-restart.service
  run_ct -0 doctor
  for policy in always unless-stopped on-failure no; do
    is_state "boot-$policy" running
  done
}
