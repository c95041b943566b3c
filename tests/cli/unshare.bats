#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# unshare - a command among the user's own ids
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox
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

@test "unshare: files of subordinate ids can be removed and given away" {
  usr-ct run --rm --network none -v "$PWD:/d" "$REGISTRY/busybox" \
    sh -c 'mkdir /d/sub; echo x >/d/sub/f; chown -R 5:5 /d/sub; chmod 700 /d/sub'
  run rm -rf sub
  [ -e sub ]
  [ "$(usr-ct unshare stat -c %u:%g sub)" = 5:5 ]
  run_ct -0 unshare chown -R 0:0 sub
  [ "$(stat -c %u sub/f)" = "$(id -u)" ]
  usr-ct unshare chown -R 7 sub
  run_ct -0 unshare rm -rf sub
  [ ! -e sub ]
}

@test "unshare: root inside, with the full map or another one" {
  [ "$(usr-ct unshare id -u)" = 0 ]
  [ "$(usr-ct unshare awk 'NR == 1 { print $1, $2, $3 }' /proc/self/uid_map)" = "0 $(id -u) 1" ]
  [ "$(usr-ct unshare --userns keep-id sed -n 2p /proc/self/uid_map | tr -s ' ')" = " $(id -u) 0 1" ]
  [ "$(usr-ct unshare --userns nomap awk '{ print $1, $2 }' /proc/self/uid_map)" = "0 1" ]
  [ "$(usr-ct unshare --uidmap 0:1:10 --gidmap 0:0:1 cat /proc/self/uid_map /proc/self/gid_map | tr -s ' ')" = $' 0 1 10\n 0 0 1' ]
  run_ct -125 unshare --userns auto true
  assert_error 1121 auto
  run_ct -125 unshare --userns nonsense true
  assert_error 1102
  run_ct -125 unshare --uidmap 0:0:4000000000 true
  assert_error 1706
  run_ct -125 unshare --uidmap 1000:0 true
  assert_error 1712
}

@test "unshare: exit status, standard streams, signals and environment are the command's" {
  run_ct -7 unshare sh -c 'exit 7'
  run -127 --separate-stderr usr-ct unshare /no/such/program
  assert_error 1408
  run_ct -126 unshare /etc/passwd
  assert_error 1409
  [ "$(echo words | usr-ct unshare cat)" = words ]
  run_ct -143 unshare sh -c 'kill -TERM $$'
  SHELL=/bin/pwd run_ct -0 unshare
  assert_output "$PWD"
  run_ct -0 unshare sh -c 'echo "$USRCT_UNSHARED $USRCT_DATA_DIR $USRCT_RUNTIME_DIR"'
  assert_output "1 $XDG_DATA_HOME/usr-ct $XDG_RUNTIME_DIR/usr-ct"
  run_ct -0 unshare -- sh -c 'echo "$@"' - --userns -x
  assert_output "--userns -x"
}

@test "unshare: what is mounted in it stays in it, and no descriptor of ours gets there" {
  mkdir place
  run_ct -0 unshare sh -c 'mount -t tmpfs x place && touch place/f && ls place'
  assert_output f
  [ -z "$(ls place)" ]
  run_ct -0 unshare sh -c 'ls -l /proc/self/fd | grep -cE "memfd|user:" || true'
  assert_output 0
}
