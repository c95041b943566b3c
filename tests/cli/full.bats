#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# full - no room, no inodes, nothing that can be written to: whatever is tried either works or says why,
# leaves nothing behind, and the store is as it was
# shellcheck disable=SC2317 # again() is called by room.bash
bats_require_minimum_version 1.5.0
load helpers
load room

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  unset USRCT_STORAGE_DRIVER USRCT_MOUNT_BACKEND
  setup_store
  usual=$XDG_DATA_HOME
  [[ -n ${USRCT_TEST_SMALL_DISK:-} ]] || skip "there is no small disk"
  small=$USRCT_TEST_SMALL_DISK
  inodes=$(dirname "$small")/inodes
}
teardown() {
  local r=0
  make_room
  usr-ct ps -aq 2>/dev/null | xargs -r usr-ct rm -fv >/dev/null || r=1
  assert_nothing_left || r=1
  find "$small" "$inodes" -mindepth 1 -maxdepth 1 -exec unshare --map-auto --map-root-user rm -rf {} + || true
  export XDG_DATA_HOME=$usual
  teardown_store
  return "$r"
}

store_on() { # DIR
  disk=$1
  export XDG_DATA_HOME=$disk/data
  mkdir -m 700 "$XDG_DATA_HOME"
  data=$XDG_DATA_HOME/usr-ct
}

# All but so many kilobytes, or files.
leave() { # KB
  dd if=/dev/zero of="$disk/fill" bs=64k 2>/dev/null || true
  truncate -s "-$1k" "$disk/fill" 2>/dev/null || : >"$disk/fill"
}

leave_files() { # NUMBER
  local free
  mkdir -p "$disk/fills"
  free=$(df --output=iavail "$disk" | tail -1)
  [[ $free -le $1 ]] || seq -f "%.0f-$RANDOM" "$((free - $1))" | (cd "$disk/fills" && xargs touch)
}

make_room() {
  rm -rf "$small/fill" "$inodes/fills"
}

leave_room() { # KB, or a quarter of that in files
  if [[ $disk == "$inodes" ]]; then leave_files $(($1 / 4)); else leave "$1"; fi
}

need_objects() {
  usr-ct info | grep -q 'Storage driver: *objects' || skip "this kernel cannot mount objects"
}

migrating() { # DIR
  store_on "$1"
  need_objects
  USRCT_STORAGE_DRIVER=plain usr-ct pull "$REGISTRY/busybox" >/dev/null
  usr-ct create --name ct --network none "$REGISTRY/busybox" echo here >/dev/null
  again() { usr-ct system migrate -q --to plain; }
  everywhere system migrate -q --to objects
  again() { usr-ct system migrate -q --to objects; }
  everywhere system migrate -q --to plain
  [[ $(usr-ct start -a ct) == here ]]
}

@test "full: system migrate, both ways, without room" {
  migrating "$small"
}

@test "full: system migrate, both ways, without inodes" {
  migrating "$inodes"
}

sharing() { # DIR
  store_on "$1"
  need_objects
  usr-ct pull "$REGISTRY/busybox" >/dev/null
  again() { rm -rf "$disk/shared"; }
  everywhere image share "$REGISTRY/busybox" --to "$disk/shared"
  usr-ct rmi "$REGISTRY/busybox"
  USRCT_SHARED_DIRS=$disk/shared usr-ct pull "$REGISTRY/busybox" >/dev/null
  USRCT_SHARED_DIRS=$disk/shared usr-ct system check
  # What broke off is completed.
  usr-ct rmi "$REGISTRY/busybox"
}

@test "full: image share without room" {
  sharing "$small"
}

@test "full: image share without inodes" {
  sharing "$inodes"
}

volumes() { # DIR
  store_on "$1"
  usr-ct pull "$REGISTRY/busybox" >/dev/null
  usr-ct volume create full >/dev/null
  usr-ct run --rm --network none -v full:/d "$REGISTRY/busybox" sh -c \
    'head -c 500000 /dev/zero >/d/large; for i in $(seq 150); do echo "$i" >"/d/$i"; done'
  usr-ct volume export full -o archive.tar
  again() { usr-ct volume rm -f shot >/dev/null 2>&1 || true; }
  everywhere volume snapshot full shot
  [[ $(usr-ct volume ls -q) == $'full\nshot' ]]
  usr-ct volume rm shot
  again() {
    usr-ct volume rm -f new >/dev/null 2>&1 || true
    usr-ct volume create new >/dev/null
  }
  everywhere volume import new archive.tar
  usr-ct run --rm --network none -v new:/d "$REGISTRY/busybox" sh -c '[ "$(ls /d | wc -l)" = 151 ]'
  usr-ct volume rm full new
}

@test "full: volume snapshot and import without room" {
  volumes "$small"
}

@test "full: volume snapshot and import without inodes" {
  volumes "$inodes"
}

copying_up() { # DIR
  store_on "$1"
  usr-ct pull "$REGISTRY/busybox" >/dev/null
  again() { usr-ct volume rm -f seeded >/dev/null 2>&1 || true; }
  everywhere run --rm --network none -v seeded:/bin "$REGISTRY/busybox" /bin/busybox true
  usr-ct run --rm --network none -v seeded:/d "$REGISTRY/busybox" sh -c 'cmp /bin/busybox /d/busybox'
}

@test "full: a volume's first use without room" {
  copying_up "$small"
}

@test "full: a volume's first use without inodes" {
  copying_up "$inodes"
}

@test "full: system check looks without room, and repairs when there is some" {
  store_on "$small"
  need_objects
  usr-ct pull "$REGISTRY/busybox" >/dev/null
  leave 0
  run_ct -0 system check
  assert_has "$output" "all is well"
  object=$(find "$data/objects" -type f -size +100k | head -1)
  chmod 600 "$object"
  printf X | dd of="$object" bs=1 seek=700 conv=notrunc status=none
  chmod 400 "$object"
  run_ct -1 system check
  assert_has "$output" "other contents"
  run_ct system check --repair
  [[ $status == 125 ]] && assert_error 1005
  make_room
  run_ct -0 system check --repair
  usr-ct run --rm --network none "$REGISTRY/busybox" true
}

@test "full: a lost index is made anew when there is room for it" {
  store_on "$small"
  usr-ct pull "$REGISTRY/busybox" >/dev/null
  usr-ct create --name ct --network none "$REGISTRY/busybox" true >/dev/null
  for much in 0 40 120 400; do
    rm -f "$data"/index.db*
    leave "$much"
    run_ct system check --repair
    make_room
    [[ $status != 0 ]] || break
    assert_error 1005
    run_ct -1 images
    assert_error 1301
  done
  assert_status 0
  assert_has "$output" "made anew"
  [[ $much -gt 0 ]]
  run_ct -0 system check
  usr-ct start -a ct
}

@test "full: a store on a read-only file system" {
  store_on "$small"
  usr-ct pull "$REGISTRY/busybox" >/dev/null
  usr-ct run --rm --network none -v mine:/d "$REGISTRY/busybox" touch /d/file
  usr-ct create --name ct --network none "$REGISTRY/busybox" true >/dev/null
  usr-ct volume export mine -o archive.tar
  frozen() { # STATUS ARGUMENT...
    XDG_DATA_HOME=$(dirname "$small")/frozen/data run_ct "-$1" "${@:2}"
    assert_lacks "$stderr" Sanitizer
  }
  frozen 0 images -q
  [[ -n $output ]]
  frozen 0 volume ls -q
  assert_output mine
  frozen 0 system check
  assert_has "$output" "the store cannot be written to"
  for words in "system check --repair" "system migrate --to plain" "volume snapshot mine other" \
    "volume import mine archive.tar" "volume create other" "rmi -f $REGISTRY/busybox" \
    "run --rm --network none $REGISTRY/busybox true" "create $REGISTRY/busybox true" \
    "start ct" "rm ct" "pull oci:$IMAGES/oci:layers"; do
    # shellcheck disable=SC2086 # words
    XDG_DATA_HOME=$(dirname "$small")/frozen/data run_ct $words
    [[ $status != 0 ]] || fail "it is said to work: $words"
    assert_has "$stderr" "Read-only file system"
  done
  run_ct -0 system check
  usr-ct start -a ct
}
