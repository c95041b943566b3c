#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# machine - the virtual machine is what the other tests here take it for
bats_require_minimum_version 1.5.0
load ../cli/helpers

@test "vm: kernel 6.1, cgroup v2, and a user's manager with controllers" {
  [[ $(uname -r) == 6.1.* ]]
  [[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]]
  run -0 within 60 systemctl --user is-system-running --wait
  for controller in cpu memory pids; do
    assert_has "$(cat "/sys/fs/cgroup/user.slice/user-$UID.slice/user@$UID.service/cgroup.controllers")" "$controller"
  done
}

@test "vm: these tests run in a session, whose cgroup is not the user's" {
  assert_has "$(cat /proc/self/cgroup)" "/user.slice/user-$UID.slice/session-"
  [ ! -w "/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/cgroup.procs" ]
}
