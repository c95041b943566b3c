#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# share - images in a directory for all users: pulls need no objects of their own, nothing is taken
# from a directory that others could change, one that is gone is an error
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
  shared=$BATS_TEST_TMPDIR/shared
}
teardown() {
  remove_all_and_check
  usr-ct images -q | sort -u | xargs -r usr-ct rmi -f >/dev/null
  [[ -z $(objects) ]] || fail "objects are left"
}

objects() {
  find "$data/objects" -type f 2>/dev/null
}

need_objects() {
  usr-ct info | grep -q 'Storage driver: *objects' || skip "this kernel cannot mount objects"
}

share() { # shares the image "layers", and removes it from the store
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  run_ct -0 image share layers --to "$shared"
  assert_has "$output" "7 layers are in $shared"
  usr-ct rmi layers
  export USRCT_SHARED_DIRS=$shared
}

works() {
  usr-ct run --rm -i --network none layers sh -s <"$IMAGES/listing" >got
  diff -u "$IMAGES/layers.expected" got
}

@test "share: a pull of shared layers fetches and stores none of them, and the image is the same" {
  need_objects
  share
  run_ct -0 pull "oci:$IMAGES/oci:layers"
  assert_has "$stderr" "already here"
  [ -z "$(objects)" ]
  works
  usr-ct create --name work layers sh -c 'echo more >>/bin/args; tail -1 /bin/args' >/dev/null
  run_ct -0 start -a work
  assert_output more
  usr-ct export work | tar -xO bin/args | tail -1 | grep -q more
  usr-ct commit work changed >/dev/null
  run_ct -0 run --rm --network none changed tail -1 /bin/args
  assert_output more
  usr-ct rm work
  run_ct -0 system check
  run_ct -0 images
  assert_has "$output" layers
  usr-ct info | grep -q "$shared"
  # Also by a second user of the layout, without a registry.
  usr-ct rmi changed layers
  run_ct -0 pull "oci:$shared/oci:docker.io/library/layers:latest"
  works
}

@test "share: an image that has some of the contents writes only the others" {
  need_objects
  share
  rm -rf "$shared"/layers/* # only objects: another image's layers
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  [ -z "$(objects)" ]
  works
  run_ct -0 system check
  usr-ct rmi layers
  find "$shared/objects" -type f | head -5 | xargs rm -f
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  [ "$(objects | wc -l)" = 5 ]
  works
}

@test "share: a directory that others may write to, or of somebody else, is refused" {
  need_objects
  share
  for victim in "$shared" "$shared/objects" "$shared/layers" \
    "$(find "$shared/objects" -mindepth 1 -maxdepth 1 | head -1)"; do
    chmod o+w "$victim"
    run_ct -1 pull "oci:$IMAGES/oci:layers"
    assert_error 1317 "can be written by others"
    chmod o-w "$victim"
  done
  printf '2\n' >new && chmod u+w "$shared/usr-ct-shared" && cat new >"$shared/usr-ct-shared"
  run_ct -1 pull "oci:$IMAGES/oci:layers"
  assert_error 1318
}

@test "share: what is damaged there is not taken, and mended by sharing again" {
  need_objects
  share
  object=$(find "$shared/objects" -type f -size +2k | sort | head -1)
  chmod 600 "$object"
  printf X | dd of="$object" bs=1 seek=1000 conv=notrunc status=none
  chmod 444 "$object"
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  [ "$(objects | wc -l)" -ge 1 ] # its own
  works
  run_ct -1 system check
  assert_has "$output" "damaged: shared $object"
  USRCT_SHARED_DIRS='' run_ct -0 image share layers --to "$shared"
  run_ct -0 system check
  usr-ct rmi layers
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  [ -z "$(objects)" ]
  works
}

@test "share: a directory that is gone is a clear error, for new and old containers" {
  need_objects
  share
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  usr-ct create --name old --network none layers true >/dev/null
  mv "$shared" away
  run_ct -125 run --rm --network none layers true
  assert_error 1316 "$shared"
  run_ct -1 start old
  assert_error 1316 "$shared"
  run_ct -1 system check
  assert_has "$output" "is missing"
  mv away "$shared"
  run_ct -0 start old
  run_ct -0 system check
  usr-ct rm old
}

@test "share: the plain driver's layers are not shared, nor is anything into a used directory" {
  USRCT_STORAGE_DRIVER=plain usr-ct pull "oci:$IMAGES/oci:busybox" >/dev/null
  run_ct -1 image share busybox --to "$shared"
  assert_error 1320
  mkdir used && touch used/file
  run_ct -1 image share busybox --to "$PWD/used"
  assert_error 1101 "neither empty"
  run_ct -1 image share nosuch --to "$shared"
  assert_error 1202
  run_ct -125 image share busybox
  [ ! -e "$shared/layers/x" ]
}

@test "share: configured in files, with comments and ways to verify" {
  need_objects
  share
  unset USRCT_SHARED_DIRS
  mkdir -p config/usr-ct
  export XDG_CONFIG_HOME=$PWD/config
  printf '# ours\n%s/ verify=none\n' "$shared" >config/usr-ct/shared-dirs
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  [ -z "$(objects)" ]
  works
  usr-ct rmi layers
  printf '%s verify=nonsense\n' "$shared" >config/usr-ct/shared-dirs
  run_ct -1 pull "oci:$IMAGES/oci:layers"
  assert_error 1322
  # fs-verity is not on here, so nothing is taken.
  printf '%s verify=sealed\n' "$shared" >config/usr-ct/shared-dirs
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  [ -n "$(objects)" ]
  unset XDG_CONFIG_HOME
}

@test "share: killed at any time, the next call completes it" {
  need_objects
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  for _ in $(seq 15); do
    rm -rf "$shared"
    setsid timeout -s KILL "0.$(printf %02d $((RANDOM % 30)))" \
      usr-ct image share layers --to "$shared" </dev/null >/dev/null 2>&1 3>&- || true
    run_ct -0 image share layers --to "$shared"
    [ ! -e "$shared/usr-ct-new" ]
  done
  usr-ct rmi layers
  export USRCT_SHARED_DIRS=$shared
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  [ -z "$(objects)" ]
  works
}

@test "share: system check hashes what is in the directory, tells whose images have it, and touches nothing" {
  need_objects
  share
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  run_ct -0 system check --format json
  [ "$(jq .Checked.SharedObjects <<<"$output")" = "$(find "$shared/objects" -type f | wc -l)" ]
  object=$(find "$shared/objects" -type f -size +1000c | sort | head -1)
  chmod 644 "$object"
  printf X | dd of="$object" bs=1 seek=500 conv=notrunc status=none
  chmod 444 "$object"
  before=$(sha256sum <"$object")
  run_ct -0 system check --quick
  run_ct -1 system check --repair
  assert_has "$output" "damaged: shared $object: has other contents than its digest says, of layers:latest (not touched)"
  [ "$(sha256sum <"$object")" = "$before" ]
  index=$(find "$shared/layers" -name index | sort | head -1)
  chmod 644 "$index"
  truncate -s -1 "$index"
  run_ct -1 system check
  assert_has "$output" "damaged: shared ${index%/index}"
  chmod 777 "$shared/objects"
  run_ct -1 system check
  assert_has "$output" "can be written by others"
  # A directory that is configured counts, also if nothing of ours relies on it.
  chmod 755 "$shared/objects"
  usr-ct rmi layers
  run_ct -1 system check
  assert_has "$output" "damaged: shared $object"
  assert_lacks "$output" "of layers"
  USRCT_SHARED_DIRS='' run_ct -0 system check
}

@test "share: an image whose contents are all shared is mounted in a container" {
  need_objects
  share
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  [ -z "$(objects)" ]
  run_ct -0 run --rm --network none --mount type=image,source=layers,target=/mnt layers \
    sh -c 'cmp /bin/busybox /mnt/bin/busybox && cat /mnt/fixture/data/keep'
  assert_output keep
  mv "$shared" away
  run_ct create --network none --mount type=image,source=layers,target=/mnt layers true
  [ "$status" != 0 ]
  assert_error 1316 "$shared"
  mv away "$shared"
}
