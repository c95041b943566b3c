#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# sshfs - a store on a network file system: no attributes, no other owners, another machine's disk
bats_require_minimum_version 1.5.0
load helpers

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  setup_store
  usual=$XDG_DATA_HOME
  export USRCT_LOCAL_DIR=$FILE_DIR/local
  mkdir -m 700 "$USRCT_LOCAL_DIR"
  mount_home
  export XDG_DATA_HOME=$FILE_DIR/home/data
  mkdir -m 700 "$XDG_DATA_HOME"
  objects=$XDG_DATA_HOME/usr-ct/objects@$(uname -n)
}
teardown() {
  local r=0
  unset USRCT_STORAGE_DRIVER USRCT_MOUNT_BACKEND
  usr-ct ps -aq 2>/dev/null | xargs -r usr-ct rm -f >/dev/null || r=1
  [[ ! -d $FILE_DIR/home ]] || fusermount3 -u "$FILE_DIR/home" || r=1
  XDG_DATA_HOME=$usual assert_nothing_left || r=1
  teardown_store
  return "$r"
}

# The other machine is this one, and its ssh the SFTP server itself.
mount_home() {
  local server
  for server in /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server; do
    [[ -x $server ]] && break
  done
  [[ -w /dev/fuse && -x $server && -n $(command -v sshfs) ]] || skip "there is no sshfs here"
  mkdir "$FILE_DIR"/{home,served}
  printf '#!/bin/sh\nexec %s\n' "$server" >"$FILE_DIR/ssh"
  chmod 755 "$FILE_DIR/ssh"
  sshfs -o "ssh_command=$FILE_DIR/ssh" "there:$FILE_DIR/served" "$FILE_DIR/home" 3>&-
  [[ $(findmnt -no FSTYPE "$FILE_DIR/home") == fuse.sshfs ]]
}

@test "sshfs: contents lie on it, all else is local, and it is said" {
  run_ct -0 pull "$REGISTRY/busybox"
  assert_has "$stderr" "usr-ct: note: $XDG_DATA_HOME/usr-ct is on FUSE"
  assert_has "$stderr" "$USRCT_LOCAL_DIR/usr-ct"
  [[ $(usr-ct info --format '{{.HomeDir}} {{.DataDir}}') == "$XDG_DATA_HOME/usr-ct $USRCT_LOCAL_DIR/usr-ct" ]]
  run_ct -0 run --network none --name it "$REGISTRY/busybox" sh -c 'echo x >/new; cat /new; rm /etc/passwd; stat -c %u:%g /home/app'
  assert_output $'x\n1000:1000'
  assert_lacks "$stderr" note
  usr-ct diff it | grep -qx 'D /etc/passwd'
  usr-ct commit it committed >/dev/null
  [[ $(usr-ct run --rm --network none committed cat /new) == x ]]
  usr-ct cp it:/new .
  [[ $(cat new) == x ]]
  run_ct -0 system check
  if [[ $(usr-ct info --format '{{.StorageDriver}}') == objects ]]; then
    [[ -n $(find "$objects" -type f) ]]
    [[ -n $(find "$FILE_DIR/served/data/usr-ct/${objects##*/}" -type f) ]]
  fi
  [[ -d $USRCT_LOCAL_DIR/usr-ct/layers && ! -e $XDG_DATA_HOME/usr-ct/layers ]]
  usr-ct rm it >/dev/null
  usr-ct rmi committed "$REGISTRY/busybox" >/dev/null
  [[ ! -d $objects || -z $(find "$objects" -type f) ]]
}

@test "sshfs: id maps, volumes and damage, as at home" {
  local object map
  usr-ct pull "$REGISTRY/busybox" >/dev/null 2>&1
  for map in keep-id auto nomap; do
    run_ct -0 run --rm --network none --userns "$map" -u 0 -v kept:/v "$REGISTRY/busybox" \
      sh -c 'stat -c %u:%g /bin/busybox /home/app'
    assert_output $'0:0\n1000:1000'
    usr-ct volume rm kept >/dev/null
  done
  run_ct -0 run --rm --network none -v kept:/v "$REGISTRY/busybox" sh -c 'echo v >/v/f; cat /v/f'
  assert_output v
  object=$(find "$objects" -type f -size +100k 2>/dev/null | head -1)
  if [[ -n $object ]]; then
    chmod 600 "$object"
    printf X | dd of="$object" bs=1 seek=700 conv=notrunc status=none
    chmod 400 "$object"
    run_ct -1 system check
    assert_has "$output" "other contents"
    run_ct -0 system check --repair
  fi
  run_ct -0 run --rm --network none -v kept:/v "$REGISTRY/busybox" cat /v/f
  assert_output v
  usr-ct volume rm kept >/dev/null
  usr-ct rmi "$REGISTRY/busybox" >/dev/null
}

@test "sshfs: when it is gone, commands say so and nothing is lost" {
  usr-ct pull "$REGISTRY/busybox" >/dev/null 2>&1
  usr-ct run --network none --name it "$REGISTRY/busybox" sh -c 'echo x >/new' >/dev/null
  fusermount3 -u "$FILE_DIR/home"
  run_ct images
  assert_lacks "$stderr" Sanitizer
  sshfs -o "ssh_command=$FILE_DIR/ssh" "there:$FILE_DIR/served" "$FILE_DIR/home" 3>&-
  usr-ct cp it:/new .
  [[ $(cat new) == x ]]
  usr-ct start -a it
}
