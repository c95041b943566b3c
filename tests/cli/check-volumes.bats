#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# check-volumes - system check looks into volumes: rows, directories, documents, what cannot be read
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR" || return
  V=$XDG_DATA_HOME/usr-ct/volumes
  B=$REGISTRY/busybox
  usr-ct volume create --label a=b --opt type=none --opt o=bind --opt device=/usr named >/dev/null
  usr-ct volume create things >/dev/null
  echo mine >"$V/things/_data/file"
}
teardown() {
  local r=0
  remove_all_and_check || r=1
  unshare --map-auto --map-root-user rm -rf "$V"
  mkdir -m 700 "$V"
  usr-ct volume reload >/dev/null
  return "$r"
}

sound() {
  run_ct -0 system check
  assert_has "$output" "all is well"
}

@test "check: volumes that are as they should be, also such whose files are not ours" {
  run_ct -0 system check
  assert_has "$output" "2 volumes"
  usr-ct run --rm --network none -v things:/d "$B" sh -c 'mkdir -m 700 /d/deep; touch /d/deep/f; chown -R 999:999 /d; chmod 700 /d'
  usr-ct run -d --network none -v things:/d --name up "$B" sleep 1000 >/dev/null
  sound
  run_ct -0 system check --repair --format json
  [ "$(jq .Checked.Volumes <<<"$output")" = 2 ]
}

@test "check: a volume's directory that is gone, and one that nobody knows" {
  cp -a "$V/named" saved
  rm -rf "$V/named"
  mkdir -p "$V/stray/_data"
  echo old >"$V/stray/_data/file"
  run_ct -1 system check
  assert_has "$output" "damaged: volume named: it is in the index, and its directory is gone"
  assert_has "$output" "damaged: volume stray: its directory is there, and the index does not know it"
  run_ct -0 system check --repair
  sound
  run_ct -0 volume ls -q
  assert_output $'stray\nthings'
  [ "$(usr-ct run --rm --network none -v stray:/d "$B" cat /d/file)" = old ]
  # From a backup it is what it was.
  cp -a saved "$V/named"
  run_ct -0 system check --repair
  [ "$(usr-ct volume inspect named | jq -r '.[0] | .Labels.a + .Options.device')" = b/usr ]
  sound
}

@test "check: volume.json is written again; contents that are gone or no directory are told" {
  echo nonsense >"$V/named/volume.json"
  rm "$V/things/volume.json"
  run_ct -1 system check
  assert_has "$output" "damaged: volume named: volume.json is missing or damaged"
  run_ct -0 system check --repair
  [ "$(jq -r '.name + .labels.a' "$V/named/volume.json")" = namedb ]
  sound
  mv "$V/things/_data" away
  run_ct -1 system check --repair
  assert_has "$output" "damaged: volume things: what was in it is gone"
  ln -s /etc "$V/things/_data"
  run_ct -1 system check --repair
  assert_has "$output" "_data is no directory"
  rm "$V/things/_data"
  mv away "$V/things/_data"
  sound
  mkdir "$V/..odd"
  ln -s /etc "$V/planted"
  run_ct -1 system check --repair
  assert_has "$output" "damaged: volume ..odd: that is no name of a volume (not touched)"
  assert_has "$output" "damaged: volume planted: it is no directory (not touched)"
  run_ct -1 volume inspect planted
  [[ -L $V/planted && -d /etc ]]
  rmdir "$V/..odd"
  rm "$V/planted"
}

@test "check: directories of a volume that cannot be read" {
  mkdir "$V/things/_data/closed"
  chmod 0 "$V/things/_data/closed"
  # Root of the user's namespace can.
  sound
  chmod 0 "$V/things"
  run_ct -1 system check
  assert_has "$output" "damaged: volume things:"
  chmod 700 "$V/things"
  sound
}
