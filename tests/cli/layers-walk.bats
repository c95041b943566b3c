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
