#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# objects - the objects driver: the same images as the plain one, one object for each content, trees
# that can be thrown away, damage, garbage collection beside everything, stores from before
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
  unset USRCT_STORAGE_DRIVER
  remove_all_and_check
  usr-ct images -q | sort -u | xargs -r usr-ct rmi -f >/dev/null
  [[ -z $(objects) ]] || fail "objects left: $(objects)"
  is_bare "$XDG_DATA_HOME/usr-ct/layers" || fail "layers left: $(ls "$XDG_DATA_HOME/usr-ct/layers")"
}

need_objects() {
  usr-ct pull "oci:$IMAGES/oci:busybox" >/dev/null
  [[ -z $(objects) ]] || return 0
  needs_linux 6.16 "data-only layers of overlayfs"
  skip "this kernel cannot mount objects"
}

objects() {
  find "$XDG_DATA_HOME/usr-ct/objects" -type f 2>/dev/null || true
}

trees() {
  find "$data/layers" -maxdepth 2 -name 'meta-*'
}

drop_trees() {
  trees | xargs -r unshare --map-auto --map-root-user rm -rf
}

# Everything that a container can see of its image's files. Times of directories are left out:
# some get mount points.
look() { # IMAGE [FORMAT]
  usr-ct run --rm -i --network none -e "FORMAT=${2:-%n|%F|%a|%u|%g|%s|%h|%Y|%b|%t:%T}" "$1" sh -s <<'TEXT'
cd /
own='./etc/hosts ./etc/resolv.conf ./etc/hostname'
set --
for f in $own; do set -- "$@" ! -path "$f"; done
find . -xdev ! -type d "$@" -exec stat -c "$FORMAT" {} + | sort
find . -xdev -type d -exec stat -c '%n|%F|%a|%u|%g' {} + | sort
find . -xdev -type l -exec readlink {} \; | sort
find . -xdev -type f "$@" ! -path './bin/*' -exec sha256sum {} + | sort
[ ! -e bin/busybox ] || sha256sum bin/busybox bin/args
TEXT
}

# fuse-overlayfs may list a name twice while memory is short (docs/storage.md): it gets a second look.
same_look() { # EXPECTED GOT IMAGE [FORMAT]
  diff -u "$1" "$2" && return
  [[ ${USRCT_MOUNT_BACKEND:-} == fuse-overlayfs ]] || return
  look "$3" "${4:-}" >"$2"
  diff -u "$1" "$2"
}

compare_drivers() { # IMAGE [LINES [FORMAT]]
  export USRCT_STORAGE_DRIVER=plain
  usr-ct pull "$1" >/dev/null
  look "$1" "${3:-}" >plain
  [[ -z $(objects) ]] || fail "the plain driver made objects"
  usr-ct rmi "$1"
  unset USRCT_STORAGE_DRIVER
  usr-ct pull "$1" >/dev/null
  [[ -n $(objects) ]] || fail "no objects were made"
  look "$1" "${3:-}" >objects
  same_look plain objects "$1" "${3:-}"
  [[ $(wc -l <objects) -gt ${2:-100} ]] || fail "there was nothing to compare"
  drop_trees # and made again, from the indexes alone
  look "$1" "${3:-}" >again
  same_look plain again "$1" "${3:-}"
}

@test "objects: the image with everything that a layer can say is the same through both drivers" {
  need_objects
  usr-ct rmi busybox
  compare_drivers "oci:$IMAGES/oci:layers"
  run_ct -0 run --rm --network none --user app layers /fixture/busybox-capable \
    sh -c 'grep ^CapEff /proc/self/status | cut -f2'
  assert_output 0000000000000400
  run_ct -0 run --rm -i --network none "oci:$IMAGES/oci:layers" sh -s <"$IMAGES/listing"
  printf '%s\n' "$output" >got
  diff -u "$IMAGES/layers.expected" got
}

@test "objects: a whole distribution is the same through both drivers" {
  need_objects
  usr-ct rmi busybox
  jq -e '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "debian")' \
    "$IMAGES/oci/index.json" >/dev/null || skip "no such image here"
  compare_drivers "oci:$IMAGES/oci:debian" 5000
}

@test "objects: 230 layers with whiteouts, opaque directories and links are the same" {
  need_objects
  usr-ct rmi busybox
  python3 "$BATS_TEST_DIRNAME/../fixtures/many-layers.py" "$IMAGES/oci" busybox many 230
  # Without link counts: overlayfs counts names that a layer above has removed.
  compare_drivers "oci:$PWD/many:many" 500 '%n|%F|%a|%u|%g|%s|%Y|%b|%t:%T'
  run_ct -0 run --rm --network none "oci:$PWD/many:many" \
    sh -c 'cat /many/last; ls /many/dir; ls /many | wc -l; cd /many; stat -c %u:%h link-229 link-230'
  assert_output "230
230
$((1 + 1 + 115 + 230))
229:1
230:2"
}

@test "objects: the driver can be chosen, and what is chosen works or is an error" {
  export USRCT_STORAGE_DRIVER=nonsense
  run_ct -1 pull "oci:$IMAGES/oci:busybox"
  assert_error 1315 nonsense
  export USRCT_STORAGE_DRIVER=plain
  run_ct -0 pull "oci:$IMAGES/oci:busybox"
  [ -z "$(objects)" ]
  usr-ct info | grep -q 'Storage driver: *plain'
  # What is there stays as it is.
  export USRCT_STORAGE_DRIVER=auto
  run_ct -0 run --rm --network none busybox echo plain
  assert_output plain
  [ -z "$(trees)" ]
}

@test "objects: a content is stored once, whoever has it, and goes with its last user" {
  need_objects
  before=$(objects | wc -l)
  usr-ct pull "oci:$IMAGES/oci:as-user" >/dev/null # another configuration, the same layers
  [ "$(objects | wc -l)" = "$before" ]
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  more=$(objects | wc -l)
  [ "$more" -gt "$before" ]
  # Two files of that image have the contents of /bin/busybox: one object.
  size=$(stat -c %s "$(command -v busybox)")
  [ "$(find "$data/objects" -type f -size "${size}c" | wc -l)" = 1 ]
  # Nobody may write to one, and their owner is the user, whatever the image says.
  [ -z "$(find "$data/objects" -type f '(' ! -perm 400 -o ! -uid "$(id -u)" ')')" ]
  usr-ct rmi layers
  [ "$(objects | wc -l)" = "$before" ]
  usr-ct run --rm --network none busybox true
  usr-ct rmi busybox
  usr-ct run --rm --network none as-user true
}

@test "objects: what a container writes stays its own" {
  need_objects
  run_ct -0 run --rm --network none busybox sh -c 'echo more >>/bin/args; tail -1 /bin/args;
    chmod 600 /etc/passwd; chown 5:6 /etc/group; stat -c %a:%u /etc/passwd /etc/group'
  assert_output "more
600:0
644:5"
  run_ct -0 run --rm --network none busybox sh -c 'tail -1 /bin/args; stat -c %a:%u /etc/group'
  assert_output "for a in \"\$@\"; do echo \"[\$a]\"; done
644:0"
}

@test "objects: a commit lies upon them, also twice, and shows the right differences" {
  need_objects
  usr-ct create --name one --network none busybox sh -c 'echo 1 >/one; rm /etc/passwd; echo >>/bin/args' >/dev/null
  usr-ct start -a one
  run_ct -0 diff one
  assert_has "$output" "A /one"
  assert_has "$output" "D /etc/passwd"
  assert_has "$output" "C /bin/args"
  assert_lacks "$output" "/bin/signals"
  usr-ct commit one first >/dev/null
  usr-ct create --name two --network none first sh -c 'echo 2 >/two; rm /one' >/dev/null
  usr-ct start -a two
  usr-ct commit two second >/dev/null
  usr-ct rm one two
  drop_trees
  run_ct -0 run --rm --network none second sh -c 'ls /one /etc/passwd; cat /two; tail -1 /bin/signals'
  assert_output "2
while :; do usleep 100000; done"
  usr-ct export "$(usr-ct create --name three second)" | tar -xO bin/args | grep -q for
  usr-ct rm three
}

@test "objects: upon layers of the plain driver only plain ones are laid" {
  need_objects
  usr-ct rmi busybox
  USRCT_STORAGE_DRIVER=plain usr-ct pull "oci:$IMAGES/oci:busybox" >/dev/null
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  [ -z "$(objects)" ]
  run_ct -0 run --rm -i --network none layers sh -s <"$IMAGES/listing"
  printf '%s\n' "$output" >got
  diff -u "$IMAGES/layers.expected" got
}

@test "objects: a store of schema 1 is taken over with its layers" {
  USRCT_STORAGE_DRIVER=plain usr-ct pull "oci:$IMAGES/oci:busybox" >/dev/null
  python3 - "$data/index.db" <<'TEXT'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript("ALTER TABLE layers DROP COLUMN driver; ALTER TABLE layers DROP COLUMN parent;"
                 "DROP TABLE container_uses; DROP TABLE volumes; DROP TABLE IF EXISTS image_digests;"
                 "DROP TRIGGER IF EXISTS container_uses_end;"
                 "PRAGMA user_version = 1;")
TEXT
  run_ct -0 images
  assert_has "$output" busybox
  run_ct -0 run --rm --network none busybox echo works
  assert_output works
  run_ct -0 pull "oci:$IMAGES/oci:layers"
  run_ct -0 run --rm --network none layers cat /fixture/data/keep
  assert_output keep
}

@test "objects: a damaged index is an error, and nothing is collected while there is one" {
  need_objects
  index=$(find "$data/layers" -name index | head -1)
  before=$(objects | wc -l)
  cp "$index" saved
  printf '\377' | dd of="$index" bs=1 seek=100 conv=notrunc status=none
  drop_trees
  run_ct -125 run --rm --network none busybox true
  assert_error 1310 checksum
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null || true
  usr-ct rmi -f layers || true
  [ "$(objects | wc -l)" -ge "$before" ]
  printf '\002' >future && cat saved >"$index"
  dd if=future of="$index" bs=1 seek=8 conv=notrunc status=none
  run_ct -125 run --rm --network none busybox true
  assert_error 1311
  : >"$index"
  run_ct -125 run --rm --network none busybox true
  assert_error 1310
  cat saved >"$index"
  run_ct -0 run --rm --network none busybox echo again
  assert_output again
}

@test "objects: an object that a power cut left too short is replaced by the next pull" {
  need_objects
  object=$(find "$data/objects" -type f -size +1 | head -1)
  sum=$(sha256sum <"$object")
  # As after a kill: objects are there, layers are not.
  cp -a "$data/objects" kept
  usr-ct rmi busybox
  cp -a kept/. "$data/objects"
  chmod 600 "$object" && truncate -s 1 "$object"
  usr-ct pull "oci:$IMAGES/oci:busybox" >/dev/null
  [ "$(sha256sum <"$object")" = "$sum" ]
}

@test "objects: starts, pulls and removals side by side disturb each other in nothing" {
  need_objects
  worker() {
    for _ in 1 2 3 4; do
      usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null || return 1
      usr-ct run --rm --network none busybox true || return 1
      # Removing may fail while another one's container uses it; it never breaks one that runs.
      usr-ct rmi layers >/dev/null 2>&1 || true
    done
  }
  usr-ct pull "oci:$IMAGES/oci:as-user" >/dev/null
  pids=()
  for _ in 1 2 3; do
    worker 3>&- &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do
    wait "$pid"
  done
  run_ct -0 run --rm --network none busybox args ok
  assert_output "[ok]"
}

@test "objects: containers that need the same tree at once: one makes it, all have it" {
  need_objects
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  drop_trees
  for round in 1 2 3; do
    for i in 1 2 3 4 5 6; do
      usr-ct run --rm -i --network none --userns "keep-id:uid=$((round + 10)),gid=7" -u 0 layers \
        sh -s <"$IMAGES/listing" >"got$i" 2>"err$i" 3>&- &
    done
    wait
    for i in 1 2 3 4 5 6; do
      diff -u "$IMAGES/layers.expected" "got$i" || { cat "err$i"; false; }
    done
    wait_until is_bare "$data/tmp"
    [ "$(trees | wc -l)" = "$round" ]
  done
  run_ct -0 system check
}

@test "objects: killed while trees are made, fifty times" {
  need_objects
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  for _ in $(seq 50); do
    drop_trees
    setsid timeout -s KILL "0.0$(printf %02d $((RANDOM % 100)))" \
      usr-ct run --rm --network none layers true </dev/null >/dev/null 2>&1 3>&- || true
  done
  run_ct -0 run --rm -i --network none layers sh -s <"$IMAGES/listing"
  printf '%s\n' "$output" >got
  diff -u "$IMAGES/layers.expected" got
  usr-ct ps -aq | xargs -r usr-ct rm -f >/dev/null
  wait_until is_bare "$data/tmp"
}

@test "objects: removal killed thirty times, and whatever is left goes with the next one" {
  need_objects
  for _ in $(seq 30); do
    usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
    setsid timeout -s KILL "0.0$(printf %02d $((RANDOM % 100)))" \
      usr-ct rmi layers </dev/null >/dev/null 2>&1 3>&- || true
    usr-ct run --rm --network none busybox true
  done
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  usr-ct rmi layers
  kept=$(objects | wc -l)
  usr-ct rmi busybox
  USRCT_STORAGE_DRIVER=objects usr-ct pull "oci:$IMAGES/oci:busybox" >/dev/null
  [ "$(objects | wc -l)" = "$kept" ]
}

# Shared and unique size of an image.
sizes() { # NAME
  usr-ct system df -v | awk -v name="$1" '$1 == name && $2 == "latest" { print $(NF - 2), $(NF - 1) }'
}

@test "objects: df counts each of them once, and says what an image alone has" {
  need_objects
  read -r shared unique <<<"$(sizes busybox)"
  [ "$shared" = 0B ]
  usr-ct pull "oci:$IMAGES/oci:as-user" >/dev/null
  [ "$(sizes busybox)" = "$unique 0B" ]
  [ "$(sizes as-user)" = "$unique 0B" ]
  usr-ct rmi as-user
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  [ "$(sizes layers | cut -d' ' -f1)" = "$unique" ]
  assert_has "$(sizes layers | cut -d' ' -f2)" MB
  usr-ct rmi busybox
  [ "$(sizes layers | cut -d' ' -f1)" = 0B ]
}
