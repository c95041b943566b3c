#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# top - the processes of a container, seen from outside
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

two_processes() { # NAME ARGUMENT...
  local name=$1
  shift
  usr-ct run -d --name "$name" "$@" "$B" sh -c 'sleep 1000 & echo ready; wait'
  wait_until log_has "$name" ready
}

@test "top: the host's ps, cut down to the container" {
  needs_ps
  two_processes ct
  run_ct -0 top ct
  [[ ${lines[0]} =~ ^UID\ +PID\ +PPID\ +C\ +STIME\ +TTY\ +TIME\ +CMD$ ]]
  [ "${#lines[@]}" = 3 ]
  assert_has "$output" "sleep 1000"
  assert_has "${lines[1]}" "$(inspect_field ct .State.Pid)"
}

@test "top: options of ps, in all its styles" {
  needs_ps
  two_processes ct
  for options in aux "-o pid,cmd" "-eo pid,ppid,args" -eLf "-ef --sort=-pid" axf; do
    # shellcheck disable=SC2086 # words for ps
    run_ct -0 top ct $options
    assert_has "$output" "sleep 1000"
    [ "${#lines[@]}" = 3 ]
  done
  run_ct -0 top ct -o pid,cmd
  [[ ${lines[0]} =~ ^PID\ +CMD$ ]]
}

@test "top: what ps cannot do is said" {
  two_processes ct
  run_ct -1 top ct --no-such-option
  assert_error 1810
  run_ct -1 top ct -o user
  assert_error 1810 PID
  run_ct -1 top no-such
  assert_error 1401
  usr-ct kill ct
  wait_until is_state ct exited
  run_ct -1 top ct
  assert_error 1405
}

@test "top: podman's columns, inside and outside" {
  two_processes ct
  run_ct -0 top ct pid,hpid user huser ppid args
  [[ ${lines[0]} =~ ^PID\ +HPID\ +USER\ +HUSER\ +PPID\ +COMMAND$ ]]
  [[ ${lines[1]} =~ ^1\ +$(inspect_field ct .State.Pid)\ +root\ +$UID\ +0\ +sh ]]
  [[ ${lines[2]} =~ ^[0-9]+\ +[0-9]+\ +root\ +$UID\ +1\ +sleep\ 1000$ ]]
  run_ct -0 top ct comm etime time tty state pcpu capeff seccomp nice vsz rss pgid group hgroup
  assert_has "${lines[1]}" filter
}

@test "top: groups, start and labels, the letters of ps, and what is no column" {
  usr-ct run -d --name ct --user 1000:100 --group-add 7 --group-add 8 "$B" sleep 1000
  run_ct -0 top ct groups,hgroups,stime,label,user
  [[ ${lines[0]} =~ ^GROUPS\ +HGROUPS\ +STIME\ +LABEL\ +USER$ ]]
  [[ ${lines[1]} =~ ^(7,8|7,8,100|100,7,8)\ +[0-9,]+\ +[0-9][0-9]:[0-9][0-9]\ +[^\ ]+.*\ 1000$ ]] || fail "${lines[1]}"
  assert_lacks "${lines[1]}" " 7,8 "
  run_ct -0 top ct %p %c %u
  [[ ${lines[0]} =~ ^PID\ +COMMAND\ +RUSER$ ]]
  run_ct -125 top ct pid,nonsense
  assert_error 1102 nonsense
  run_ct -125 top ct user nonsense args
  assert_error 1102 nonsense
}

@test "top: another user inside has another number outside" {
  usr-ct run -d --name ct --user 1000:100 "$B" sleep 1000
  run_ct -0 top ct user,huser,group,args
  [[ ${lines[1]} =~ ^1000\ +[0-9]+\ +100\ +sleep\ 1000$ ]]
  assert_lacks "${lines[1]}" " 1000 "
}

@test "top: without a cgroup the PID namespace tells, and what was started from outside is in it" {
  two_processes ct --cgroups=disabled
  run_ct -0 top ct pid,args
  [ "${#lines[@]}" = 3 ]
  needs_ps
  run_ct -0 top ct
  [ "${#lines[@]}" = 3 ]
}

@test "top: nothing of the image is run" {
  usr-ct run -d --name ct "$B" sh -c 'rm -f /bin/ps; printf "#!/bin/sh\necho from the image >/ran\n" >/bin/ps; chmod +x /bin/ps; echo ready; sleep 1000'
  wait_until log_has ct ready
  run_ct -0 top ct
  [[ ! -e $XDG_DATA_HOME/usr-ct/containers/$(inspect_field ct .Id)/upper/ran ]]
}
