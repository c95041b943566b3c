#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# migrate - a store is converted between the drivers in place: images the same, containers keep what
# they wrote, running ones go on, kills leave a store that works
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
  [[ -z $(find "$data/objects" -type f 2>/dev/null) ]] || fail "objects are left"
}

need_objects() {
  usr-ct info | grep -q 'Storage driver: *objects' || skip "this kernel cannot mount objects"
}

pull_plain() {
  USRCT_STORAGE_DRIVER=plain usr-ct pull "oci:$IMAGES/oci:$1" >/dev/null
}

works() {
  usr-ct run --rm -i --network none layers sh -s <"$IMAGES/listing" >got
  diff -u "$IMAGES/layers.expected" got
}

forms() { # how many layers have FORM
  find "$data/layers" -mindepth 2 -maxdepth 2 -name "$1" | wc -l
}

# All that can be seen of an image, but for the times of directories.
look() {
  usr-ct run --rm -i --network none "$1" sh -s <<'TEXT'
cd /
find . -xdev ! -type d ! -path './etc/hosts' ! -path './etc/resolv.conf' ! -path './etc/hostname' \
  -exec stat -c '%n|%F|%a|%u|%g|%s|%Y|%t:%T' {} + | sort
find . -xdev -type d -exec stat -c '%n|%F|%a|%u|%g' {} + | sort
find . -xdev -type f ! -path './bin/*' ! -path './etc/hosts' ! -path './etc/resolv.conf' \
  ! -path './etc/hostname' -exec sha256sum {} + | sort
TEXT
}

@test "migrate: images are the same through both drivers, there and back" {
  need_objects
  pull_plain layers
  pull_plain as-user
  look layers >plain
  run_ct -0 system migrate --to objects
  assert_has "$output" "7 layers are of the objects driver now"
  [ "$(forms fs)" = 0 ]
  [ "$(forms index)" = 7 ]
  works
  look layers >objects
  diff -u plain objects
  run_ct -0 system check
  run_ct -0 system migrate --to objects # nothing is left to do
  assert_has "$output" "0 layers are"
  run_ct -0 system migrate --to plain
  [ "$(forms fs)" = 7 ]
  [ "$(forms index)" = 0 ]
  [ "$(forms 'meta-*')" = 0 ]
  [ -z "$(find "$data/objects" -type f)" ]
  works
  look layers >again
  diff -u plain again
  run_ct -0 system check
}

@test "migrate: a container keeps what it wrote and starts again" {
  need_objects
  pull_plain layers
  usr-ct create --name work --network none layers sh -c 'cat /mine 2>/dev/null; echo more >>/mine; rm -f /bin/args; ls /bin/args /etc/passwd' >/dev/null
  run usr-ct start -a work
  run_ct -0 system migrate --to objects
  assert_has "$output" "1 containers were changed"
  run usr-ct start -a work
  assert_has "$output" "more"
  assert_has "$output" "/etc/passwd"
  usr-ct commit work changed >/dev/null
  run_ct -0 run --rm --network none changed cat /mine
  assert_output "more
more"
  run_ct -0 system migrate --to plain
  run usr-ct start -a work
  assert_has "$output" "more
more"
  run_ct -0 run --rm --network none changed cat /mine
  usr-ct rm work
}

@test "migrate: a running container goes on, is named, and lets go of the old form at its end" {
  need_objects
  pull_plain layers
  usr-ct run -d --name up --network none layers sleep 1000
  run_ct -1 system migrate --to objects
  assert_has "$output" "container up runs"
  [ "$(forms fs)" -gt 0 ]
  run_ct -0 exec up sh -c 'cat /etc/passwd | head -1; echo here >/file; cat /fixture/data/keep'
  assert_has "$output" keep
  works
  usr-ct stop -t 0 up
  run_ct -0 system migrate --to objects
  [ "$(forms fs)" = 0 ]
  usr-ct start up
  run_ct -0 exec up cat /file
  assert_output here
  # And the other way round.
  run_ct -1 system migrate --to plain
  assert_has "$output" "container up runs"
  run_ct -0 exec up sh -c 'cat /file /fixture/data/keep'
  run_ct -1 system migrate --to objects # with the tree of a running container in place
  run_ct -1 system migrate --to plain
  run_ct -0 exec up sh -c 'cat /file /fixture/data/keep'
  usr-ct rm -f up
  run_ct -0 system migrate --to plain
  [ "$(forms index)" = 0 ]
  run_ct -0 system check
}

@test "migrate: without its blob a layer stays as it is, and what lies upon it too" {
  need_objects
  pull_plain layers
  manifest=$(usr-ct image inspect layers | jq -r '.[0].Digest')
  digest=$(jq -r '.layers[3].digest' "$data/oci/blobs/sha256/${manifest#*:}")
  mv "$data/oci/blobs/sha256/${digest#*:}" saved
  run_ct -1 system migrate --to objects
  assert_has "$output" "3 layers are"
  assert_has "$output" "its blob is not here"
  works
  mv saved "$data/oci/blobs/sha256/${digest#*:}"
  run_ct -0 system migrate --to objects
  works
}

@test "migrate: an unknown driver, and one that does not work here" {
  run_ct -125 system migrate --to nonsense
  assert_error 1102
  run -0 usr-ct system migrate --format json
}

@test "migrate: killed at any time, a store in between works, and the next run ends it" {
  need_objects
  pull_plain layers
  usr-ct create --name work --network none layers sh -c 'echo mine >>/file; cat /file' >/dev/null
  usr-ct start -a work
  n=$((10 * ${USRCT_TEST_SCALE:-1}))
  for i in $(seq $n); do
    to=objects
    [ $((i % 2)) = 0 ] && to=plain
    setsid timeout -s KILL "0.$(printf %02d $((RANDOM % 60)))" \
      usr-ct system migrate -q --to $to </dev/null >/dev/null 2>&1 3>&- || true
    run_ct -0 run --rm --network none layers cat /fixture/data/keep
    assert_output keep
  done
  run usr-ct start -a work
  run_ct -0 system migrate --to objects
  works
  run_ct -0 start -a work
  assert_has "$output" mine
  run_ct -0 system check
  usr-ct rm work
}
