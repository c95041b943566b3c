#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# without quota - the user may not have any more of the disk (EDQUOT): whatever is tried either works
# or says so, leaves nothing behind, and the store is as it was
# shellcheck disable=SC2317 # again() is called by room.bash
bats_require_minimum_version 1.5.0
load ../helpers
load ../room

LIMIT_KB=24576
# btrfs takes more for small files than they have bytes.
MORE_ROOM="5000 10000"

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  unset USRCT_STORAGE_DRIVER USRCT_MOUNT_BACKEND
  setup_store
  usual=$XDG_DATA_HOME
  disk=$(dirname "$USRCT_TEST_SMALL_DISK")/quota/mine
  [[ -d $disk ]] || skip "there is no mkfs.btrfs, so no disk with quotas"
  again() { :; }
  export XDG_DATA_HOME=$disk/data
  mkdir -m 700 "$XDG_DATA_HOME"
  data=$XDG_DATA_HOME/usr-ct
  B=$REGISTRY/busybox
}
teardown() {
  local r=0
  if [[ -d $disk ]]; then
    make_room
    usr-ct ps -aq 2>/dev/null | xargs -r usr-ct rm -fv >/dev/null || r=1
    assert_nothing_left || r=1
    # What the images came to is all that was left, and goes with them.
    usr-ct volume ls -q | xargs -r usr-ct volume rm -f >/dev/null || r=1
    usr-ct images -q | sort -u | xargs -r usr-ct rmi -f >/dev/null || r=1
    [[ -z $(find "$data"/{objects,layers,volumes,oci/blobs/sha256} -mindepth 1 -not -type d 2>/dev/null) ]] || {
      find "$data" -not -type d
      r=1
    }
    find "$disk" -mindepth 1 -maxdepth 1 -exec unshare --map-auto --map-root-user rm -rf {} + || true
  fi
  export XDG_DATA_HOME=$usual
  teardown_store
  return "$r"
}

# In pieces: a file cannot be cut where there is no quota left.
leave_room() { # KB
  local n=0
  mkdir -p "$disk/fills"
  while dd if=/dev/zero of="$disk/fills/$n" bs=64k count=4 conv=fsync 2>/dev/null; do
    n=$((n + 1))
    [[ $n -lt $((LIMIT_KB / 64)) ]] || fail "there is no quota here"
  done
  for _ in $(seq $((($1 + 255) / 256))); do
    rm -f "$disk/fills/$n"
    n=$((n - 1))
  done
  sync -f "$disk"
}

make_room() {
  rm -rf "$disk/fills"
  sync -f "$disk"
}

@test "without quota: the disk says so" {
  leave_room 0
  LC_ALL=C run dd if=/dev/zero of="$disk/x" bs=64k count=100 conv=fsync
  rm -f "$disk/x"
  assert_has "$output" "Disk quota exceeded"
}

@test "without quota: a pull, through both drivers" {
  again() { usr-ct rmi -f "$B" >/dev/null 2>&1 || true; }
  everywhere pull -q "$B"
  run_ct -0 run --rm --network none "$B" echo fine
  assert_output fine
  usr-ct rmi "$B" >/dev/null
  export USRCT_STORAGE_DRIVER=plain
  everywhere pull -q "$B"
  run_ct -0 run --rm --network none "$B" echo fine
  assert_output fine
}

@test "without quota: run, create and what containers write" {
  usr-ct pull -q "$B" >/dev/null
  everywhere run --rm --network none "$B" true
  again() { usr-ct rm -f made >/dev/null 2>&1 || true; }
  everywhere create --name made --network none "$B" true
  # The program hears of it; what it wrote before stays, and so does the container.
  leave_room 2500
  run_ct -1 run --name writer --network none "$B" sh -c 'test -e /early && exec cat /early
    echo early >/early; dd if=/dev/zero of=/big bs=64k count=1000 conv=fsync'
  assert_has "$stderr" "uota exceeded"
  make_room
  run_ct -0 start -a writer
  assert_output early
  run_ct -0 diff writer
  assert_has "$output" "A /early"
}

@test "without quota: commit, save and load" {
  usr-ct pull -q "$B" >/dev/null
  usr-ct run --name changed --network none "$B" sh -c 'head -c 700000 /dev/urandom >/random' >/dev/null
  again() { usr-ct rmi -f kept:1 >/dev/null 2>&1 || true; }
  everywhere commit changed kept:1
  run_ct -0 run --rm --network none kept:1 sh -c 'wc -c </random'
  assert_output 700000
  usr-ct save -o "$FILE_DIR/kept.tar" kept:1
  usr-ct rmi kept:1 >/dev/null
  everywhere load -q -i "$FILE_DIR/kept.tar"
  run_ct -0 run --rm --network none kept:1 sh -c 'wc -c </random'
  assert_output 700000
}

@test "without quota: volumes: their first use, import, snapshot, and writes" {
  usr-ct pull -q "$B" >/dev/null
  again() { usr-ct volume rm -f seeded >/dev/null 2>&1 || true; }
  everywhere run --rm --network none -v seeded:/bin "$B" /bin/busybox true
  usr-ct run --rm --network none -v seeded:/d "$B" sh -c 'cmp /bin/busybox /d/busybox'
  usr-ct volume export seeded -o "$FILE_DIR/seeded.tar"
  again() { usr-ct volume rm -f shot >/dev/null 2>&1 || true; }
  everywhere volume snapshot seeded shot
  again() {
    usr-ct volume rm -f new >/dev/null 2>&1 || true
    usr-ct volume create new >/dev/null
  }
  everywhere volume import new "$FILE_DIR/seeded.tar"
  usr-ct run --rm --network none -v new:/d "$B" sh -c 'cmp /bin/busybox /d/busybox'
  usr-ct run --rm --network none -v new:/d "$B" sh -c 'echo before >/d/before'
  leave_room 300
  run_ct run --rm --network none -v new:/d "$B" sh -c 'dd if=/dev/zero of=/d/big bs=64k count=100 conv=fsync'
  make_room
  [[ $status != 0 ]]
  usr-ct run --rm --network none -v new:/d "$B" rm -f /d/big
  run_ct -0 run --rm --network none -v new:/d "$B" cat /d/before
  assert_output before
}

@test "without quota: cp into a container, and a copy of the layers" {
  usr-ct pull -q "$B" >/dev/null
  head -c 900000 /dev/urandom >"$FILE_DIR/random"
  usr-ct create --name box --network none "$B" true >/dev/null
  again() { :; }
  everywhere cp "$FILE_DIR/random" box:/random
  usr-ct cp box:/random - | tar x --to-stdout | cmp - "$FILE_DIR/random"
  export USRCT_MOUNT_BACKEND=copy
  again() { usr-ct rm -f whole >/dev/null 2>&1 || true; }
  everywhere create --name whole --network none "$B" echo whole
  run_ct -0 start -a whole
  assert_output whole
}
