#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rebuild - system check --repair makes a lost or damaged index.db anew from what lies on disk
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
  data=$XDG_DATA_HOME/usr-ct
}
teardown() {
  remove_all_and_check
  usr-ct volume ls -q | xargs -r usr-ct volume rm -f >/dev/null
  usr-ct images -q | sort -u | xargs -r usr-ct rmi -f >/dev/null
  rm -f "$data"/index.db.damaged*
}

sound() {
  run_ct -0 system check
  assert_has "$output" "all is well"
}

# One of everything, and what is told of it.
furnish() {
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  usr-ct pull "$REGISTRY/team/project/busybox:docker" >/dev/null
  usr-ct tag layers also/named:1
  usr-ct volume create --label kept=yes things >/dev/null
  usr-ct run --name writer --network none --label a=b -v things:/things -v /nameless layers \
    sh -c 'echo mine >/file; echo shared >/things/file'
  usr-ct run -d --name stays --network none --mount "type=image,source=layers,target=/mnt" \
    "$REGISTRY/team/project/busybox:docker" sleep 1000 >/dev/null
  usr-ct create --rm --name passing --network none layers true >/dev/null
  usr-ct create --name first --network none layers true >/dev/null
  usr-ct rename first renamed
}

# What can be found again, and nothing else.
tell() {
  usr-ct images --no-trunc --format '{{.Repository}}:{{.Tag}} {{.ID}} {{.CreatedAt}}' | sort
  usr-ct ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.Image}} {{.Command}} {{.State}} {{.Labels}}' | sort
  usr-ct volume ls --format '{{.Name}} {{.Driver}} {{.Labels}}' | sort
  usr-ct volume inspect things | jq 'del(.[0].UsageData)'
  for name in writer stays passing renamed; do
    usr-ct inspect "$name" | jq -c '.[0] | [.Image, .Name, .Mounts, .HostConfig.AutoRemove, .Args]'
  done
}

# The index lost in a way: all that there was is there again.
comes_back() { # COMMAND...
  furnish
  tell >before
  "$@"
  run_ct -125 system check
  assert_error 1301
  run_ct -0 system check --repair
  assert_has "$output" "made anew from what lies on disk: 2 images, 4 containers, 2 volumes"
  tell >after
  diff -u before after
  [ "$(usr-ct exec stays cat /mnt/etc/passwd | wc -l)" -gt 0 ]
  usr-ct start -a writer
  usr-ct cp writer:/file - | tar xO | grep -qx mine
  run_ct -1 volume rm things
  assert_error 1332
  run_ct -1 rmi "$(usr-ct images -q layers)"
  usr-ct run --rm -i --network none also/named:1 sh -s <"$IMAGES/listing" >got
  diff -u "$IMAGES/layers.expected" got
  sound
  usr-ct rm -fv writer >/dev/null
  # Its nameless volume has gone with it.
  [ "$(usr-ct volume ls -q)" = things ]
}

@test "rebuild: an index of random bytes" {
  garbage() {
    rm -f "$data"/index.db-*
    head -c 16384 /dev/urandom >"$data/index.db"
  }
  comes_back garbage
  [ "$(stat -c %s "$data/index.db.damaged")" = 16384 ]
}

@test "rebuild: an index that is gone is not mistaken for that of an empty store" {
  gone() {
    rm -f "$data"/index.db*
    run_ct -1 pull "oci:$IMAGES/oci:busybox"
    assert_error 1301 "is lost"
    run_ct -125 run --rm --network none layers true
    assert_error 1301
    run_ct images
    assert_error 1301
    usr-ct rm no-such >/dev/null 2>&1 || true
    [[ -n $(ls "$data/layers") && -n $(ls "$data/containers") ]]
  }
  comes_back gone
}

@test "rebuild: an index that is cut to nothing, and one that ends in the middle" {
  empty() {
    rm -f "$data"/index.db-*
    : >"$data/index.db"
  }
  comes_back empty
  usr-ct ps -aq | xargs usr-ct rm -fv >/dev/null
  usr-ct volume rm things
  short() {
    usr-ct system check >/dev/null
    python3 -c '
import sqlite3, sys
sqlite3.connect(sys.argv[1]).execute("PRAGMA wal_checkpoint(TRUNCATE)")' "$data/index.db"
    rm -f "$data"/index.db-*
    truncate -s "$(($(stat -c %s "$data/index.db") / 2))" "$data/index.db"
  }
  comes_back short
}

@test "rebuild: pages that are damaged somewhere in the middle" {
  furnish
  tell >before
  python3 - "$data/index.db" <<'TEXT'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
page = db.execute("PRAGMA page_size").fetchone()[0]
root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'image_layers'").fetchone()[0]
db.close()
with open(sys.argv[1], "r+b") as f:
    f.seek((root - 1) * page)
    f.write(b"\xff" * page)
TEXT
  rm -f "$data"/index.db-*
  run_ct system check
  [ "$status" != 0 ]
  run_ct -0 system check --repair
  assert_has "$output" "made anew"
  tell >after
  diff -u before after
  sound
}

@test "rebuild: without oci/index.json images have no names, and are there" {
  furnish
  usr-ct ps -aq | xargs usr-ct rm -fv >/dev/null
  usr-ct images -q --no-trunc | sort -u >before
  rm -f "$data"/index.db* "$data/oci/index.json"
  run_ct -0 system check --repair
  usr-ct images -q --no-trunc | sort -u >after
  diff -u before after
  usr-ct run --rm --network none "$(head -1 after)" true
  sound
}

@test "rebuild: layers that are gone as well are unpacked again, or it is said what to pull" {
  furnish
  usr-ct ps -aq | xargs usr-ct rm -fv >/dev/null
  rm -f "$data"/index.db*
  unshare --map-auto --map-root-user rm -rf "$data/layers"
  mkdir "$data/layers"
  run_ct -0 images -q # an empty index is right for what is left
  run_ct -0 system check --repair
  assert_lacks "$output" "made anew"
  usr-ct pull "oci:$IMAGES/oci:layers" >/dev/null
  usr-ct pull "oci:$IMAGES/oci:busybox" >/dev/null
  layer=$(usr-ct image inspect layers | jq -r '.[0].RootFS.Layers[0]')
  manifest=$(usr-ct image inspect busybox | jq -r '.[0].Digest')
  rm -f "$data"/index.db* "$data/oci/blobs/sha256/${manifest#*:}"
  unshare --map-auto --map-root-user rm -rf "$data/layers/${layer#*:}"
  run_ct -1 system check --repair
  assert_has "$output" "pull again: usr-ct pull busybox:latest"
  usr-ct run --rm -i --network none layers sh -s <"$IMAGES/listing" >got
  diff -u "$IMAGES/layers.expected" got
  usr-ct pull "oci:$IMAGES/oci:busybox" >/dev/null
  run_ct -0 system check --repair
  sound
}

@test "rebuild: a container whose documents are damaged stays on disk" {
  furnish
  id=$(inspect_field writer .Id)
  rm -f "$data"/index.db*
  cp "$data/containers/$id/launch.json" saved
  echo nonsense >"$data/containers/$id/launch.json"
  run_ct -1 system check --repair
  assert_has "$output" "damaged: container $id"
  [ "$(cat "$data/containers/$id"/{upper,copy}/file 2>/dev/null)" = mine ]
  [ "$(usr-ct ps -aq | wc -l)" = 3 ]
  cat saved >"$data/containers/$id/launch.json"
  rm -f "$data"/index.db*
  run_ct -0 system check --repair
  [ "$(usr-ct ps -aq | wc -l)" = 4 ]
  sound
}

@test "rebuild: killed at any time, it can be done again" {
  furnish
  tell >before
  for _ in $(seq 12); do
    rm -f "$data"/index.db*
    timeout -s KILL "0.$(printf %03d $((RANDOM % 150 + 5)))" usr-ct system check --repair \
      </dev/null >/dev/null 2>&1 3>&- || true
  done
  usr-ct system check --repair >/dev/null
  sound
  tell >after
  diff -u before after
}
