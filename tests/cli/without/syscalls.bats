#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# syscalls - system calls that an older kernel does not know, or that somebody's filter hides
#
# One session for each of these words; see tests/as-user --without.
# sessions: syscall:close_range syscall:renameat2 syscall:renameat2=EPERM syscall:statx+execveat
# sessions: syscall:landlock_create_ruleset=EPERM syscall:clone3
# sessions: syscall:openat2 syscall:fsopen=EPERM syscall:fsmount syscall:open_tree syscall:move_mount
# sessions: syscall:mount_setattr syscall:pidfd_open syscall:memfd_create=EACCES syscall:seccomp
# sessions: syscall:setns=EPERM syscall:waitid=EPERM
bats_require_minimum_version 1.5.0
load ../helpers

setup_file() {
  setup_store
}
teardown_file() {
  teardown_store
}
teardown() {
  remove_all_and_check
}

# Those that must not be missed: there is another way, or less is possible and still all is well.
has_another_way() {
  case ${USRCT_TEST_WITHOUT#syscall:} in
  close_range* | renameat2* | statx* | landlock*) return 0 ;;
  *) return 1 ;;
  esac
}

# Whatever is missing, an end comes soon, and it is the right one or one that can be looked up.
right_or_told() { # EXPECTED OUTPUT OF A SUCCESS, COMMAND...
  local expected=$1
  shift
  run --separate-stderr within 20 usr-ct "$@"
  if [ "$status" = 0 ]; then
    [[ -z $expected ]] || assert_output "$expected"
  elif has_another_way; then
    show
    fail "this call has another way"
  else
    [[ $status != 124 && $status != 137 ]] || { show; fail "hangs"; }
    [[ $stderr == *UCT-[1-9]* ]] || { show; fail "no code"; }
    [[ $stderr =~ (^|$'\n')'hint: '.+ ]] || { show; fail "no hint"; }
    assert_lacks "$stderr" "No such file"
    assert_lacks "$stderr" Sanitizer
  fi
}

@test "a missing system call: pull, run, exec, stop and rm go on without, or say what is missing" {
  right_or_told "" pull "$REGISTRY/busybox"
  right_or_told fine run --rm --network none "$REGISTRY/busybox" echo fine
  right_or_told fine run --rm "$REGISTRY/busybox" echo fine
  right_or_told "" run -d --name back --network none "$REGISTRY/busybox" sleep 1000
  if [[ $status == 0 ]]; then
    right_or_told fine exec back echo fine
    right_or_told back stop -t 0 back
    right_or_told back rm back
  fi
  run within 20 usr-ct doctor
  [[ $status != 124 && $status != 137 ]] || fail "doctor hangs"
}
