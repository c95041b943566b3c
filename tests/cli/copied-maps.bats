#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# copied-maps - copies of layers for containers with ids of their own
bats_require_minimum_version 1.5.0
load helpers

B=$REGISTRY/busybox

setup_file() {
  setup_store busybox layers
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR" || return
  export USRCT_MOUNT_BACKEND=copy
}
teardown() {
  unset USRCT_MOUNT_BACKEND
  remove_all_and_check
}

inside() { # OPTION... IMAGE COMMAND...
  run_ct run --rm --network none "$@"
}

# Of a file in the copy, as the store's root sees it.
in_copy() { # NAME COMMAND... FILE
  local dir
  dir=$(inspect_field "$1" .GraphDriver.Data.dir)
  usr-ct unshare "${@:2:$#-2}" "$dir/${!#}"
}

every_map() {
  printf '%s\n' keep-id keep-id:uid=7,gid=8 nomap auto auto:size=3000
}

@test "copied maps: the copy under each map is the image, bit by bit" {
  local list=$IMAGES/listing map
  for map in $(every_map); do
    # auto takes no more ids than the image's files need, if it knows these.
    [[ $map != auto* ]] || map=auto:size=60000
    inside --userns "$map" -u 0 -v "$list:/listing:ro" "$REGISTRY/layers" sh /listing
    diff -u "$IMAGES/layers.expected" - <<<"$output"
  done
}

@test "copied maps: owners on the disk are the container's, set-uid bits and hard links stay" {
  usr-ct run --name made --network none "$B" sh -c 'mkdir /srv; cp /bin/busybox /srv/su; chown 1000:5 /srv/su
    chmod 6755 /srv/su; ln /srv/su /srv/again; ln -s su /srv/link; chown -h 1000:1000 /srv/link; mkfifo /srv/fifo; chown 9:9 /srv/fifo' >/dev/null
  usr-ct commit made owned:1 >/dev/null
  usr-ct rm made >/dev/null
  usr-ct run -d --name shifted --network none --userns nomap owned:1 sleep 1000 >/dev/null
  run_ct -0 exec shifted stat -c '%n %a %u:%g %h' /srv/su /srv/again /srv/link /srv/fifo
  assert_output '/srv/su 6755 1000:5 2
/srv/again 6755 1000:5 2
/srv/link 777 1000:1000 1
/srv/fifo 644 9:9 1'
  # One more outside, since nomap leaves the user out.
  [[ $(in_copy shifted stat -c %u:%g:%a:%h srv/su) == 1001:6:6755:2 ]]
  [[ $(in_copy shifted stat -c %u:%g srv/link) == 1001:1001 ]]
  [[ $(usr-ct diff shifted) == "" ]]
  usr-ct rm -f shifted >/dev/null
  usr-ct rmi owned:1 >/dev/null
}

@test "copied maps: file capabilities are those of the container's root, and go back to the image's" {
  local map
  for map in keep-id nomap auto:size=60000; do
    inside --userns "$map" -u 1000:1000 "$REGISTRY/layers" /fixture/busybox-capable \
      sh -c 'grep ^CapEff /proc/self/status | cut -f2'
    assert_output 0000000000000400
  done
  usr-ct create --name capable --network none --userns nomap "$REGISTRY/layers" true >/dev/null
  [[ $(usr-ct diff capable) == "" ]]
  usr-ct start -a capable
  usr-ct cp capable:/fixture/busybox-capable - | tar x --to-stdout >capable.got
  usr-ct cp capable:/fixture/busybox-capable - | python3 -c '
import sys, tarfile
for x in tarfile.open(fileobj=sys.stdin.buffer, mode="r|"):
    v = x.pax_headers.get("SCHILY.xattr.security.capability")
    print(x.uid, x.gid, len(v.encode("utf-8", "surrogateescape")))' >told
  [[ $(cat told) == "0 0 20" ]]
}

# What a container under a map changes, told in every way.
live() { # MAP
  usr-ct run -d --name box --network none --userns "$1" -u 0 "$B" sh -c \
    'echo x >/mine; echo y >/theirs; chown 33:44 /theirs; chmod 4711 /theirs; rm /etc/group; chown 7 /etc/passwd
     mkdir /deep; chown 1000:1000 /deep; echo z >/deep/f; ln /deep/f /deep/g; rm -r /home; touch /done; exec sleep 1000' >/dev/null
  wait_until usr-ct exec box test -e /done
  echo from outside >file
  usr-ct cp file box:/live
  usr-ct diff box
  usr-ct stop -t 0 box >/dev/null
  usr-ct cp file box:/stopped
  usr-ct diff box
  usr-ct export box | tar tvf - --numeric-owner | grep -v etc/hosts | awk '{ print $1, $2, $3, $6, $7, $8 }' | sort
  usr-ct cp box:/deep - | tar tvf - --numeric-owner | awk '{ print $1, $2, $6, $7, $8 }'
  usr-ct start box >/dev/null
  usr-ct exec box stat -c '%n %a %u:%g %h' /mine /theirs /etc/passwd /deep /deep/f /live /stopped /bin/busybox
  usr-ct commit box box:1 >/dev/null
  usr-ct rm -f box >/dev/null
  usr-ct save --format oci-dir -o saved box:1 >/dev/null
  # fuse-overlayfs, which shifts ids where the kernel cannot, says of a new directory that nothing is below.
  tar tvf "$(top_layer saved)" --numeric-owner | grep -vF deep/.wh..wh..opq | awk '{ print $1, $2, $3, $6, $7, $8 }' | sort
  usr-ct run --rm --network none --userns nomap box:1 stat -c '%n %a %u:%g %h' /theirs /etc/passwd /deep /deep/f /live
  usr-ct rmi box:1 >/dev/null
  rm -r saved
}

top_layer() { # LAYOUT
  local manifest
  manifest=$(jq -r '.manifests[0].digest' "$1/index.json")
  printf '%s/blobs/sha256/%s\n' "$1" "$(jq -r '.layers[-1].digest' "$1/blobs/sha256/${manifest#*:}" | cut -d: -f2)"
}

@test "copied maps: diff, cp, export and commit tell the same as on overlay" {
  local map
  for map in host-root keep-id:uid=1000,gid=1000 nomap auto:size=3000; do
    live "$map" >copy 2>&1
    USRCT_MOUNT_BACKEND='' live "$map" >overlay 2>&1
    grep -qx 'C /etc/passwd' overlay
    grep -qx 'D /home' overlay
    grep -q '^/theirs 4711 33:44 1$' overlay
    grep -q '33/44 .* theirs' overlay
    diff -u overlay copy
  done
}

@test "copied maps: layers of the plain driver, and those that commit made" {
  local store=$XDG_DATA_HOME map
  export XDG_DATA_HOME=$FILE_DIR/plain USRCT_STORAGE_DRIVER=plain
  usr-ct pull "$REGISTRY/layers" >/dev/null
  for map in keep-id nomap auto:size=60000; do
    inside --userns "$map" -u 0 -v "$IMAGES/listing:/listing:ro" "$REGISTRY/layers" sh /listing
    diff -u "$IMAGES/layers.expected" - <<<"$output"
    inside --userns "$map" -u 1000:1000 "$REGISTRY/layers" /fixture/busybox-capable \
      sh -c 'grep ^CapEff /proc/self/status | cut -f2'
    assert_output 0000000000000400
  done
  remove_all_and_check
  export XDG_DATA_HOME=$store
  unset USRCT_STORAGE_DRIVER
}

@test "copied maps: who has no id inside is nobody, and never somebody else" {
  usr-ct run --name made --network none "$B" sh -c 'echo >/f; chown 20000:20000 /f' >/dev/null
  usr-ct commit made far:1 >/dev/null
  usr-ct rm made >/dev/null
  inside --userns auto far:1 stat -c %u:%g /f
  assert_output 65534:65534
  # The number that the file has on the disk is that of user 10000 in this container.
  run_ct -125 run --rm --uidmap 0:10000:15000 far:1 true
  assert_error 1710 /f
  usr-ct rmi far:1 >/dev/null
}

@test "copied maps: a program that is not root writes into a mounted directory as you" {
  mkdir shared
  inside -u 1000 -v ./shared:/shared "$B" sh -c 'echo x >/shared/f; stat -c %u /home/app'
  assert_output 1000
  [[ $(stat -c %u:%g shared/f) == "$(id -u):$(id -g)" ]]
}

@test "copied maps: a kill at any time leaves nothing" {
  local pid
  for _ in 1 2 3 4 5; do
    usr-ct create --network none --userns nomap "$B" true >/dev/null 2>&1 3>&- &
    pid=$!
    read -rt 0.0$((RANDOM % 9 + 1)) <> <(:) || true
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" || true
  done
}
