# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# room - commands that are tried with more and more room; with leave_room KB and make_room of the test's own

# Works, or says that there is no room; in both cases all is well afterwards. 1: it worked.
try() { # COMMAND...
  run_ct "$@"
  make_room
  [[ $status == 0 ]] || assert_error 1005
  told=$status
  # Without an inode nobody can note that something is to be collected; the next collection finds it.
  run_ct system check --format json
  [[ $(jq '.Problems | length' <<<"$output") == 0 ]] || { show; fail "after: $* (it had ended with $told)"; }
  run_ct system check --repair
  [[ $status == 0 ]] || { show; fail "after: $* (it had ended with $told)"; }
  status=$told
}

everywhere() { # COMMAND...: until it works
  local much
  for much in 0 20 200 1000 2500 ${MORE_ROOM:-}; do
    again
    leave_room "$much"
    try "$@"
    [[ $status != 0 ]] || return 0
  done
  fail "it never works: $*"
}
