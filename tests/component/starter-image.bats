#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# starter-image - what quickstart shows first is an image that other people's tools accept
bats_require_minimum_version 1.5.0

setup() {
  make=$BATS_TEST_DIRNAME/../fixtures/starter-image
  cd "$BATS_TEST_TMPDIR"
}

@test "starter-image: two gzip layers whose digests are true" {
  "$make" image starter
  skopeo inspect --raw oci:image:starter >manifest
  [ "$(jq '.layers | length' manifest)" = 2 ]
  cd image/blobs/sha256
  for blob in *; do
    [ "$(sha256sum "$blob" | cut -d' ' -f1)" = "$blob" ]
  done
  for i in 0 1; do
    layer=$(jq -r ".layers[$i].digest" "$BATS_TEST_TMPDIR/manifest")
    config=$(jq -r .config.digest "$BATS_TEST_TMPDIR/manifest")
    [ "sha256:$(zcat "${layer#*:}" | sha256sum | cut -d' ' -f1)" = "$(jq -r ".rootfs.diff_ids[$i]" "${config#*:}")" ]
  done
}

@test "starter-image: umoci unpacks it and a shell runs in it" {
  "$make" image starter
  umoci unpack --rootless --image image:starter bundle
  run unshare --map-root-user chroot bundle/rootfs /bin/sh -lc 'echo "$PATH" | grep -c bin; ls /etc'
  [ "$status" = 0 ]
  [[ $output == *passwd* && $output == *"starter image"* ]]
}

@test "starter-image: made twice, it is the same" {
  "$make" one starter
  umask 077
  TZ=Asia/Tokyo "$make" two starter
  diff -r one two
}

@test "starter-image: a tag that is none and a missing busybox are errors" {
  run "$make" image 'no tag'
  [ "$status" = 1 ]
  run "$make" image
  [ "$status" = 1 ]
}
