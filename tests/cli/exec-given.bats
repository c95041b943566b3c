#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# exec-given - what a command that is run in a container gets: secrets, OOM score, descriptors

load helpers

setup_file() {
  setup_store busybox
  export B=$REGISTRY/busybox
}

teardown_file() {
  teardown_store
}

setup() {
  cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
  usr-ct ps -aq | xargs -r usr-ct rm -f >/dev/null
  assert_nothing_left
}

@test "exec: has the secrets that are variables, and no document has their values" {
  export SESAME=open-it
  usr-ct run -d --name web --network none --secret id=door,env=SESAME,type=env,target=DOOR "$B" sleep 1000
  run_ct -0 exec web sh -c 'echo $DOOR'
  assert_output open-it
  run_ct -0 inspect web
  assert_lacks "$output" open-it
  # A later change on our side is none of the container's.
  export SESAME=other
  run_ct -0 exec web sh -c 'echo $DOOR'
  assert_output open-it
}

@test "exec: has the container's OOM score" {
  usr-ct run -d --name web --network none --oom-score-adj 444 "$B" sleep 1000
  run_ct -0 exec web cat /proc/self/oom_score_adj
  assert_output 444
  [[ $(cat /proc/self/oom_score_adj) != 444 ]]
}

@test "exec: --preserve-fds passes descriptors on from 3, and no other" {
  usr-ct run -d --name web --network none "$B" sleep 1000
  echo three >f3
  echo four >f4
  run_ct -0 exec --preserve-fds 2 web sh -c 'cat <&3; cat <&4' 3<f3 4<f4
  assert_output $'three\nfour'
  run_ct -0 exec --preserve-fds 1 web sh -c 'cat <&3; for f in 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$f ] || echo has $f; done' 3<f3 4<f4
  assert_output three
  run_ct -0 exec web sh -c '[ ! -e /proc/$$/fd/3 ] && echo none' 3<f3
  assert_output none
  run_ct -0 exec --preserve-fds 1 web sh -c 'echo written >&3' 3>out
  [[ $(cat out) == written ]]
}

@test "exec: --preserve-fds of what is not open, of too many, and with a command that does not exist" {
  usr-ct run -d --name web --network none "$B" sleep 1000
  echo three >f3
  run_ct -125 exec --preserve-fds 65 web true 3<f3
  assert_error 1102
  run bash -c 'exec 4>&-; usr-ct exec --preserve-fds 2 web true 3<f3'
  assert_status 125
  assert_has "$output" "descriptor 4 is not open"
  run_ct -127 exec --preserve-fds 1 web nonsense 3<f3
  assert_error 1408
}

@test "exec: --preserve-fds with a terminal and with tools" {
  usr-ct run -d --name web --network none "$B" sleep 1000
  echo three >f3
  run "$BATS_TEST_DIRNAME/../fixtures/terminal.py" sh -c 'usr-ct exec -it --preserve-fds 1 web sh -c "cat <&3; tty" 3<f3' -- exit:0
  assert_has "$output" three
  assert_has "$output" /dev/pts/
  run_ct -0 exec --preserve-fds 1 --tools "$B" web cat /proc/self/fd/3 3<f3
  assert_output three
}

@test "exec: --cidfile" {
  usr-ct run -d --cidfile cid --network none "$B" sleep 1000
  run_ct -0 exec --cidfile cid echo inside
  assert_output inside
  run_ct -125 exec --cidfile nowhere echo inside
}
