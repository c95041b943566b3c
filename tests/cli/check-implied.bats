#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# check-implied - system check --repair of layers that have no entries for directories of others
bats_require_minimum_version 1.5.0
load helpers

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  setup_store
  data=$XDG_DATA_HOME/usr-ct
  python3 "$BATS_TEST_DIRNAME/../fixtures/implied-image.py" implied.tar
}
teardown() {
  local r=0
  remove_all_and_check || r=1
  unset USRCT_STORAGE_DRIVER
  teardown_store
  return "$r"
}

lose() { # NUMBER OF THE LAYER, from 0...
  local n
  for n; do
    unshare --map-auto --map-root-user rm -rf "$data/layers/${chains[n]}/fs"
  done
}

loaded() { # DRIVER
  export USRCT_STORAGE_DRIVER=$1
  usr-ct load -q -i implied.tar >/dev/null
  is_as_implied implied:1
  mapfile -t chains < <(python3 - <<'PY'
import hashlib, json, tarfile
with tarfile.open("implied.tar") as t:
    ids = json.load(t.extractfile("c.json"))["rootfs"]["diff_ids"]
chain = ids[0]
print(chain[7:])
for i in ids[1:]:
    chain = "sha256:" + hashlib.sha256(f"{chain} {i}".encode()).hexdigest()
    print(chain[7:])
PY
  )
}

@test "check implied: layers of the plain driver are settled again, each alone and all at once" {
  loaded plain
  for which in 1 2 3 4 "2 1" "0 1 2 3 4" "4 0"; do
    # shellcheck disable=SC2086 # numbers
    lose $which
    run_ct -1 system check
    assert_has "$output" "its files are not there"
    run_ct -0 system check --repair
    run_ct -0 system check
    is_as_implied implied:1
    [[ -z $(find "$data/layers" "$data/tmp" -name implied) ]] || fail "a list was left"
  done
}

@test "check implied: where a layer below has no blob, those above are pulled again, too" {
  local blob
  loaded plain
  # Its blob: the one that unpacks to it.
  for blob in "$data"/oci/blobs/sha256/*; do
    if tar tf "$blob" 2>/dev/null | grep -qx bin/busybox; then rm -f "$blob"; fi
  done
  lose 0 1
  run_ct -1 system check --repair
  assert_has "$output" "pull again"
  usr-ct load -q -i implied.tar >/dev/null
  run_ct -0 system check
  is_as_implied implied:1
}
