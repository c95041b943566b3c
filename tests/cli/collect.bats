#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# collect - garbage is collected beside whatever else happens to images
bats_require_minimum_version 1.5.0
load helpers
load registries

setup_file() {
  setup_store busybox
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
  ROUNDS=$((5 * ${USRCT_TEST_SCALE:-1}))
  PID=
}
teardown() {
  [[ -z $PID ]] || kill "$PID"
  remove_all_and_check
}

# Each leaves a file FAILED.* when something goes wrong that has no excuse.
often() { # NAME COMMAND...
  local name=$1 i
  shift
  for ((i = 0; i < ROUNDS; i++)); do
    "$@" >"out.$name" 2>&1 || { cp "out.$name" "FAILED.$name.$i"; }
  done
}

comes_and_goes() {
  usr-ct pull -q "$REGISTRY/layers" && usr-ct rmi "$REGISTRY/layers"
}

loads() { # An id that comes and goes with every round.
  usr-ct load -q -i layers.tar && usr-ct rmi loaded:1
}

pushes() {
  usr-ct push -q --compression zstd "$B" "$OWN/x:$RANDOM"
}

@test "collect: pull, load, save, push, run and rmi beside prune; what stays is whole" {
  B=$REGISTRY/busybox
  start_registry
  usr-ct pull -q "$REGISTRY/layers" >/dev/null
  usr-ct tag "$REGISTRY/layers" loaded:1
  usr-ct save -o layers.tar loaded:1
  usr-ct rmi loaded:1 "$REGISTRY/layers"
  usr-ct save -o before.tar "$B"
  often pull comes_and_goes 3>&- &
  often load loads 3>&- &
  often push pushes 3>&- &
  often save usr-ct save -o saved.tar "$B" 3>&- &
  often run usr-ct run --rm --network none "$B" true 3>&- &
  often prune usr-ct image prune -f 3>&- &
  often system usr-ct system prune -f 3>&- &
  often dry usr-ct system prune --dry-run 3>&- &
  for job in $(jobs -p); do
    [[ $job == "$PID" ]] || wait "$job"
  done
  cat FAILED.* 2>/dev/null || true
  [ -z "$(compgen -G 'FAILED.*')" ]
  cmp before.tar saved.tar
  run_ct -0 images --format '{{.Repository}}'
  assert_output "$B"
  run_ct -0 system check
  # What was converted for pushes is garbage, and goes.
  usr-ct image prune -f >/dev/null
  n=$(find "$XDG_DATA_HOME/usr-ct/oci/blobs" -type f | wc -l)
  [ "$n" = "$(usr-ct save "$B" | tar -t | grep -c '^blobs/sha256/[0-9a-f]')" ]
}
