#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# layers-walk - what layers upon layers come to, the same as umoci and podman have it where these agree; archives
# that are damaged, large or made to do harm, by each way in and with both drivers
bats_require_minimum_version 1.5.0
load helpers

W=$BATS_TEST_DIRNAME/../fixtures/walk-images.py

setup_file() {
  setup_store
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
  unset USRCT_STORAGE_DRIVER
}
teardown() {
  chmod -R u+rwX "$BATS_TEST_TMPDIR"
  unset USRCT_STORAGE_DRIVER
  # What podman leaves to hold its namespace.
  find "$FILE_DIR" -name pause.pid -exec sh -c 'kill $(cat "$1")' - {} \; 2>/dev/null || true
  remove_all_and_check
  usr-ct rmi -af >/dev/null
  is_bare "$XDG_DATA_HOME/usr-ct/layers" || fail "layers left: $(ls "$XDG_DATA_HOME/usr-ct/layers")"
}

# What a container of an image of walk-images.py has, to NAME.json.
ours() { # IMAGE DRIVER NAME
  USRCT_STORAGE_DRIVER=$2 usr-ct pull -q "oci:made:$1" >/dev/null
  usr-ct create --name walk --network none "$1" x >/dev/null
  usr-ct export walk >walk.tar
  "$W" look-tar walk.tar >"$3.json"
  # What a layer has twice leaves the first one's content for the next collection.
  run_ct system check
  assert_lacks "$output" damaged
  usr-ct rm walk >/dev/null
  usr-ct rmi "$1" >/dev/null
}

has_objects() {
  usr-ct info | grep -q 'Storage driver: *objects'
}

podmans() { # IMAGE: its files, to podman.json
  podman() {
    command podman --root "$FILE_DIR/podman" --runroot "$FILE_DIR/podman-run" --storage-driver vfs "$@"
  }
  export -f podman
  podman unshare bash -c 'id=$(podman pull -q "oci:made:$1") && "$2" look "$(podman image mount "$id")" &&
    podman rmi -f "$id" >/dev/null' - "$1" "$W" >podman.json
}

@test "layers upon layers: whiteouts, opaque directories, links and replacements, in every order" {
  needs_tools umoci podman
  "$W" make made "${USRCT_TEST_SEED:-1}" 100
  for image in walk same; do
    ours "$image" plain plain
    "$W" check plain.json
    umoci unpack --rootless --image "made:$image" "umoci-$image" >umoci.log 2>&1
    "$W" look "umoci-$image/rootfs" >umoci.json
    ! has_objects || {
      ours "$image" objects objects
      "$W" check objects.json
      "$W" compare plain.json objects.json type mode owner size sha link links x mtime
    }
    # Whose directory it is that nobody has an entry for, umoci has by the order of entries in some of the second.
    mode=mode
    [[ $image == walk ]] || mode=
    "$W" compare plain.json umoci.json type $mode size sha link links mtime bare
  done
  podmans walk
  ours walk plain plain
  "$W" compare plain.json podman.json type mode owner size sha link x mtime bare
}

# Whether it is taken or refused: with a reason, and nothing outside is read, made or removed.
harmless() { # ARGUMENT...
  local status=0 stderr
  within 60 usr-ct "$@" >out 2>err || status=$?
  stderr=$(cat err)
  [[ $status == 0 || $stderr =~ UCT-1[0-9]{3} ]] || { show; fail "$*"; }
  [[ $stderr != *UCT-1901* && $stderr != *unexpectedly* ]] || { show; fail "$*"; }
  [[ $(ls -A outside) == secret && $(cat outside/secret) == secret ]] || fail "harm was done by: $*"
}

@test "hostile archives: load, import, --rootfs and pull oci: do no harm, with both drivers" {
  mkdir outside
  echo secret >outside/secret
  "$BATS_TEST_DIRNAME/../fixtures/hostile-tars.py" tars "${USRCT_TEST_SEED:-1}" "$PWD/outside"
  for driver in plain objects; do
    [[ $driver == plain ]] || has_objects || break
    export USRCT_STORAGE_DRIVER=$driver
    for tar in tars/*.tar; do
      name=${tar%.tar}
      harmless import -q "$tar" flat:1
      harmless load -q -i "$name.docker"
      harmless pull -q "oci:$name.layout:x"
      harmless run --rm --network none --rootfs "$tar" x
      # What came of it can be used as any other.
      if usr-ct create --name box --network none flat:1 x >/dev/null 2>&1; then
        harmless cp box:/l/secret got
        harmless export -o got.tar box
        ! grep -qsa '^secret$' got got.tar || fail "read from outside: $name"
        rm -rf got got.tar
        usr-ct rm box >/dev/null
      fi
      usr-ct rmi -af >/dev/null 2>&1
    done
    run_ct system check
    assert_lacks "$output" damaged
  done
}

# The sanitizers' own memory is not what is measured: what a small image needs is taken off.
peak_of() { # COMMAND...
  ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1 \
    within 100 "$BATS_TEST_DIRNAME/../fixtures/peak.py" kb "$@" >out 2>err || true
  cat kb
}

@test "memory: neither large images nor few bytes that want many make us large" {
  [[ -z ${USRCT_TEST_VM:-} ]] || skip "moves much data"
  mkdir outside
  "$BATS_TEST_DIRNAME/../fixtures/hostile-tars.py" tars 1 "$PWD/outside"
  truncate -s 300M root
  tar -cf - root | gzip -1 >big.tgz
  for driver in plain objects; do
    [[ $driver == plain ]] || has_objects || break
    export USRCT_STORAGE_DRIVER=$driver
    small=$(peak_of usr-ct import -q tars/devices.tar)
    for what in "import -q big.tgz" "pull -q oci:tars/large.layout:x" "load -q -i tars/large.docker"; do
      # shellcheck disable=SC2086
      kb=$(peak_of usr-ct $what)
      grep -q '^sha256:\|^x:1' out || { cat err; fail "$what"; }
      [[ $((kb - small)) -lt 60000 ]] || fail "$what: $kb KB, $small KB for a small one: $(cat err)"
    done
    usr-ct rmi -af >/dev/null
  done
  small=$(peak_of usr-ct load -q -i tars/devices.docker)
  for tar in tars/large-*; do
    for what in import load\ -i; do
      # shellcheck disable=SC2086
      kb=$(peak_of usr-ct $what "$tar")
      # As a root file system some are no more than odd.
      [[ $what == import ]] || grep -q 'UCT-12[0-9]*' err || { cat out err; fail "$what $tar was taken"; }
      [[ $((kb - small)) -lt 60000 ]] || fail "$what $tar: $kb KB, $small KB for a small one: $(cat err)"
    done
  done
}
