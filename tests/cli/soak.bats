#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# soak - unpacking, making trees, converting, checking, sharing and collecting are killed at random:
# no image breaks, and after all is removed not a byte is left. USRCT_TEST_SCALE=25 for 300 kills
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR" || return
  unset USRCT_STORAGE_DRIVER
  export USRCT_SHARED_DIRS=
  data=$XDG_DATA_HOME/usr-ct
}
teardown() {
  remove_all_and_check
}

bytes() { # without the database, whose size is SQLite's business, and what is told of events
  du -sB1 --exclude 'index.db*' --exclude 'events*' "$data" | cut -f1
}

killed() { # HUNDREDTHS-AT-MOST COMMAND...
  local hundredths=$((RANDOM % $1))
  shift
  setsid timeout -s KILL "$((hundredths / 100)).$(printf %02d $((hundredths % 100)))" "$@" \
    </dev/null >/dev/null 2>&1 3>&- || true
}

works() {
  usr-ct run --rm -i --network none layers sh -s <"$IMAGES/listing" >got
  diff -u "$IMAGES/layers.expected" got
}

one() { # number
  case $(($1 % 6)) in
  0) # unpack
    usr-ct rmi -f layers >/dev/null 2>&1 || true
    killed 120 usr-ct pull "oci:$IMAGES/oci:layers"
    usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
    ;;
  1) # materialise
    find "$data/layers" -maxdepth 2 -name 'meta-*' -print0 |
      xargs -0r unshare --map-auto --map-root-user rm -rf
    killed 40 usr-ct run --rm --network none layers true
    ;;
  2) killed 150 usr-ct system migrate -q --to plain ;;
  3) killed 150 usr-ct system migrate -q --to objects ;;
  4) # collect
    usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
    killed 40 usr-ct rmi -f layers
    usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
    ;;
  5)
    killed 60 usr-ct system check --repair
    killed 60 usr-ct image share layers --to "$PWD/shared"
    ;;
  esac
  run_ct -0 run --rm --network none layers cat /fixture/data/keep
  assert_output keep
}

@test "soak: kills at random break no image and leak no byte" {
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  usr-ct run --rm --network none layers true
  usr-ct rmi layers
  usr-ct system check --repair >/dev/null
  before=$(bytes)
  for i in $(seq $((12 * ${USRCT_TEST_SCALE:-1}))); do
    one "$i"
  done
  usr-ct ps -aq | xargs -r usr-ct rm -f >/dev/null
  run_ct -0 system check --repair
  run_ct -0 system check
  assert_has "$output" "all is well"
  works
  usr-ct images -q | sort -u | xargs -r usr-ct rmi -f >/dev/null
  usr-ct ps >/dev/null
  usr-ct system check --repair >/dev/null
  find "$data" -type f ! -name 'index*' ! -name 'events*' ! -path '*/oci/*.json' ! -name oci-layout >left
  after=$(bytes)
  [ "$after" -le "$before" ] || fail "$((after - before)) bytes are left: $(cat left)"
}
