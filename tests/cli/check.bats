#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# check - system check finds each kind of damage and each leaked byte, repairs what can be, says
# what must be pulled, disturbs nobody
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
  data=$XDG_DATA_HOME/usr-ct
}
teardown() {
  remove_all_and_check
  usr-ct images -q | sort -u | xargs -r usr-ct rmi -f >/dev/null
}

need_objects() {
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  [[ -n $(find "$data/objects" -type f 2>/dev/null) ]] || skip "this kernel cannot mount objects"
}

sound() {
  run_ct -0 system check
  assert_has "$output" "all is well"
}

works() { # the image is what it was
  usr-ct run --rm -i --network none layers sh -s <"$IMAGES/listing" >got
  diff -u "$IMAGES/layers.expected" got
}

overwrite() { # FILE BYTE
  chmod 600 "$1"
  printf X | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
  chmod 400 "$1"
}

@test "check: an empty store, a good store, and one with containers are sound" {
  run_ct -0 system check
  assert_has "$output" "checked: 0 images"
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  sound
  usr-ct run -d --name up --network none layers sleep 1000
  usr-ct create --name made --network none layers true
  sound
  assert_has "$output" "2 containers"
  usr-ct rm -f up made
}

@test "check: a damaged, a short, a missing and a foreign object are found and repaired" {
  need_objects
  mapfile -t objects < <(find "$data/objects" -type f -size +64c | sort)
  overwrite "${objects[0]}" 10
  chmod 600 "${objects[1]}" && truncate -s 1 "${objects[1]}"
  rm -f "${objects[2]}"
  chmod 666 "${objects[3]}"
  run_ct -1 system check
  assert_has "$output" "has other contents than its digest says"
  assert_has "$output" "has a wrong size"
  assert_has "$output" "is missing"
  assert_has "$output" "others may write to it"
  assert_has "$output" "of layers:latest"
  run_ct -1 system check --quick
  assert_lacks "$output" "other contents"
  assert_has "$output" "is missing"
  run_ct -0 system check --repair
  assert_has "$output" "(repaired)"
  sound
  works
}

@test "check: a damaged index and a missing one are written anew" {
  need_objects
  mapfile -t indexes < <(find "$data/layers" -name index | sort)
  printf '\377' | dd of="${indexes[0]}" bs=1 seek=90 conv=notrunc status=none
  run_ct -1 system check
  assert_has "$output" "damaged: index"
  find "$data/layers" -maxdepth 2 -name 'meta-*' -print0 | xargs -0r unshare --map-auto --map-root-user rm -rf
  run_ct -125 run --rm --network none layers true
  assert_error 1310 "system check --repair"
  rm "${indexes[1]}"
  run_ct -0 system check --repair
  sound
  works
}

@test "check: an index of a later version is told and not touched" {
  need_objects
  index=$(find "$data/layers" -name index | head -1)
  cp "$index" saved
  printf '\002' | dd of="$index" bs=1 seek=8 conv=notrunc status=none
  before=$(sha256sum <"$index")
  run_ct -1 system check --repair
  assert_has "$output" "version 2"
  assert_has "$output" "(not touched)"
  [ "$(sha256sum <"$index")" = "$before" ]
  cat saved >"$index"
  sound
}

@test "check: a metadata tree that somebody changed is made anew, but not under a container" {
  need_objects
  tree=$(find "$data/layers" -maxdepth 2 -name 'meta-*' | head -1)
  unshare --map-auto --map-root-user sh -c "chmod 777 '$tree/fs/bin'; rm '$tree/fs/etc/passwd'"
  usr-ct run -d --name up --network none layers sleep 1000
  run_ct -1 system check --repair
  assert_has "$output" "damaged: tree"
  assert_has "$output" "(not touched)"
  usr-ct rm -f up
  run_ct -0 system check --repair
  assert_has "$output" "(repaired)"
  sound
  works
}

@test "check: without its blob a layer must be pulled again, and that repairs it" {
  need_objects
  object=$(find "$data/objects" -type f -size +1000c | sort | head -1)
  overwrite "$object" 500
  manifest=$(usr-ct image inspect layers | jq -r '.[0].Digest')
  jq -r '.layers[].digest' "$data/oci/blobs/sha256/${manifest#*:}" | while read -r digest; do
    echo more >>"$data/oci/blobs/sha256/${digest#*:}"
  done
  run_ct -1 system check --repair
  assert_has "$output" "pull again: usr-ct pull layers:latest"
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  sound
  works
}

@test "check: the plain driver's layers are unpacked again when they are gone" {
  export USRCT_STORAGE_DRIVER=plain
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  sound
  layer=$(find "$data/layers" -mindepth 1 -maxdepth 1 | head -1)
  unshare --map-auto --map-root-user rm -rf "$layer/fs"
  run_ct -1 system check
  assert_has "$output" "its files are not there"
  run_ct -0 system check --repair
  sound
  works
  unset USRCT_STORAGE_DRIVER
}

@test "check: each leaked byte is counted, and goes" {
  need_objects
  before=$(du -sB1 "$data" --exclude 'index.db*' --exclude events | cut -f1)
  mkdir "$data/layers/$(printf 'a%.0s' {1..64})"
  head -c 9000 /dev/zero >"$data/layers/$(printf 'a%.0s' {1..64})/file"
  mkdir -p "$data/objects/00"
  head -c 5000 /dev/zero >"$data/objects/00/AAAAAAAAAAAAAAAAAAAA"
  head -c 70000 /dev/zero >"$data/oci/blobs/sha256/$(printf 'b%.0s' {1..64})"
  mkdir "$data/tmp/layer-99999999-1-0123456789abcdef"
  head -c 3000 /dev/zero >"$data/tmp/layer-99999999-1-0123456789abcdef/file"
  leaked=$(($(du -sB1 "$data" --exclude 'index.db*' --exclude events | cut -f1) - before))
  run -1 --separate-stderr usr-ct system check --format json
  [ "$(jq .LeakedBytes <<<"$output")" = "$leaked" ]
  [ "$(jq '.Problems | length' <<<"$output")" = 0 ]
  run -0 --separate-stderr usr-ct system check --repair --format json
  [ "$(jq -r '[.Leaks[].State] | unique | join(",")' <<<"$output")" = removed ]
  [ "$(du -sB1 "$data" --exclude 'index.db*' --exclude events | cut -f1)" = "$before" ]
  sound
}

@test "check: what a container wrote is never removed" {
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  id=$(usr-ct create --name kept --network none layers sh -c 'echo mine >/file')
  usr-ct start -a kept
  cp "$data/index.db" saved
  python3 - "$data/index.db" <<'TEXT'
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db:
    db.execute("DELETE FROM containers")
TEXT
  run_ct -1 system check --repair
  assert_has "$output" "the index does not know it"
  usr-ct rmi layers
  [ "$(cat "$data/containers/$id"/{upper,copy}/file 2>/dev/null)" = mine ]
  unshare --map-auto --map-root-user rm -rf "$data/containers/$id"
  sound
}

@test "check: beside pulls, runs and removals, and killed at any time" {
  need_objects
  for _ in 1 2 3 4 5 6; do
    usr-ct pull "oci:$IMAGES/oci:busybox" >/dev/null &
    run_ct -0 run --rm --network none layers true
    setsid timeout -s KILL "0.0$(printf %02d $((RANDOM % 100)))" usr-ct system check --repair \
      </dev/null >/dev/null 2>&1 3>&- || true
    wait
    run_ct -0 system check --repair --quick
    usr-ct rmi busybox >/dev/null
  done
  run_ct -0 system check --repair
  sound
  works
}

@test "check: a damaged database is an error that says what to do" {
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  cp "$data/index.db" saved
  rm -f "$data"/index.db-*
  head -c 8192 /dev/urandom >"$data/index.db"
  run_ct -125 system check
  assert_error 1301
  cat saved >"$data/index.db"
}

@test "check: prune --dry-run says to the byte what prune gives back" {
  need_objects
  usr-ct pull "oci:$IMAGES/oci:busybox" >/dev/null
  usr-ct create --name gone --network none layers true >/dev/null
  usr-ct run -d --name stays --network none busybox sleep 1000
  size() {
    du -sB1 "$data" --exclude 'index.db*' --exclude 'events*' --exclude index.json | cut -f1
  }
  before=$(size)
  run_ct -0 system prune -a --dry-run
  assert_has "$output" "Would delete containers"
  assert_has "$output" "Would delete images"
  said=$(sed -n 's/.*(\([0-9]*\) bytes)/\1/p' <<<"$output")
  [ "$(size)" = "$before" ]
  usr-ct container inspect gone >/dev/null
  run_ct -0 system prune -af
  [ "$((before - $(size)))" = "$said" ]
  usr-ct rm -f stays
}
