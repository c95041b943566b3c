#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# homes - stores on file systems that are not like ext4: noexec, nodev, without attributes, FUSE, full
bats_require_minimum_version 1.5.0
load helpers

setup() {
  cd "$BATS_TEST_TMPDIR" || return
  setup_store
  usual=$XDG_DATA_HOME
  odd=$(dirname "$USRCT_TEST_SMALL_DISK")
  export USRCT_LOCAL_DIR=$FILE_DIR/local
  mkdir -m 700 "$USRCT_LOCAL_DIR"
}
teardown() {
  local r=0
  unset USRCT_STORAGE_DRIVER USRCT_MOUNT_BACKEND
  usr-ct ps -aq 2>/dev/null | xargs -r usr-ct rm -f >/dev/null || r=1
  [[ ! -d $FILE_DIR/home ]] || fusermount3 -u "$FILE_DIR/home" || r=1
  find "$odd"/noexec "$odd"/inodes "$odd"/ramfs -mindepth 1 -maxdepth 1 -exec unshare --map-auto --map-root-user rm -rf {} + || true
  XDG_DATA_HOME=$usual assert_nothing_left || r=1
  teardown_store
  return "$r"
}

# An ordinary user's own FUSE file system.
fuse_home() {
  [[ -w /dev/fuse && -n $(command -v fuse-overlayfs) ]] || skip "there is no FUSE here"
  mkdir "$FILE_DIR"/{home,below,upper,work}
  fuse-overlayfs -o "lowerdir=$FILE_DIR/below,upperdir=$FILE_DIR/upper,workdir=$FILE_DIR/work" "$FILE_DIR/home" 3>&-
  export XDG_DATA_HOME=$FILE_DIR/home/data
  mkdir -m 700 "$XDG_DATA_HOME"
}

host_link() {
  printf '%s/usr-ct/local@%s\n' "$XDG_DATA_HOME" "$(uname -n)"
}

@test "homes: a store on a noexec, nodev file system runs programs" {
  [[ ${USRCT_MOUNT_BACKEND:-} != copy ]] || skip "a copy is part of that file system"
  export XDG_DATA_HOME=$odd/noexec/data
  mkdir -m 700 "$XDG_DATA_HOME"
  [[ $(findmnt -no OPTIONS -T "$XDG_DATA_HOME") == *noexec* ]]
  local driver
  for driver in plain auto; do
    export USRCT_STORAGE_DRIVER=$driver
    usr-ct pull "$REGISTRY/busybox" >/dev/null
    run_ct -0 run --network none --name it "$REGISTRY/busybox" sh -c 'cp /bin/busybox /busybox; /busybox echo works; rm -f /etc/passwd'
    assert_output works
    run_ct -0 start -a it
    usr-ct diff it | grep -qx 'D /etc/passwd'
    usr-ct rm it >/dev/null
    usr-ct rmi "$REGISTRY/busybox" >/dev/null
  done
  [[ ! -e $(host_link) ]]
}

@test "homes: without attributes containers lie elsewhere, and it is said once" {
  export XDG_DATA_HOME=$odd/ramfs/data
  mkdir -m 700 "$XDG_DATA_HOME"
  setfattr -n user.try -v x "$XDG_DATA_HOME" 2>/dev/null && skip "this kernel's ramfs has attributes"
  run_ct -0 pull "$REGISTRY/busybox"
  assert_has "$stderr" "usr-ct: note: $XDG_DATA_HOME/usr-ct is on a file system without attributes"
  assert_has "$stderr" "$USRCT_LOCAL_DIR/usr-ct"
  run_ct -0 run --rm --network none "$REGISTRY/busybox" echo fine
  assert_output fine
  assert_lacks "$stderr" note
}

@test "homes: on FUSE, contents stay in the home and all else is local" {
  fuse_home
  run_ct -0 pull "$REGISTRY/busybox"
  assert_has "$stderr" "is on FUSE"
  [[ $(readlink "$(host_link)") == "$USRCT_LOCAL_DIR/usr-ct" ]]
  run_ct -0 run --network none --name it "$REGISTRY/busybox" sh -c 'echo x >/new; cat /new; rm /etc/passwd'
  assert_output x
  assert_lacks "$stderr" note
  usr-ct diff it | grep -qx 'D /etc/passwd'
  usr-ct commit it committed >/dev/null
  usr-ct run --rm --network none committed cat /new
  usr-ct cp it:/new .
  if [[ $(usr-ct info --format '{{.StorageDriver}}') == objects ]]; then
    [[ -n $(find "$XDG_DATA_HOME/usr-ct/objects@$(uname -n)" -type f) ]]
    USRCT_MOUNT_BACKEND=copy usr-ct run --rm --network none "$REGISTRY/busybox" true
  fi
  [[ -d $USRCT_LOCAL_DIR/usr-ct/layers && ! -e $XDG_DATA_HOME/usr-ct/layers ]]
  [[ $(usr-ct info --format '{{.HomeDir}} {{.DataDir}}') == "$XDG_DATA_HOME/usr-ct $USRCT_LOCAL_DIR/usr-ct" ]]
  run_ct doctor
  assert_has "$(tr -s ' \n' ' ' <<<"$output")" "is on FUSE: containers lie in $USRCT_LOCAL_DIR/usr-ct"
  usr-ct system df >/dev/null
  usr-ct rm it >/dev/null
  usr-ct rmi committed "$REGISTRY/busybox" >/dev/null
  # Garbage collection finds what is in the home.
  [[ -z $(find "$XDG_DATA_HOME/usr-ct" -path '*objects@*' -type f) ]]
}

# With the set-group-id bit and a default ACL, as shared directories of a project have them.
@test "homes: nothing is inherited from a directory that hands down group and ACL" {
  local data=$FILE_DIR/project driver
  mkdir "$data"
  chmod 2750 "$data"
  # user::rwx user:1:rwx group::r-x mask::rwx other::---
  setfattr -n system.posix_acl_default \
    -v 0x0200000001000700ffffffff020007000100000004000500ffffffff10000700ffffffff20000000ffffffff "$data"
  export XDG_DATA_HOME=$data
  for driver in plain auto; do
    export USRCT_STORAGE_DRIVER=$driver
    usr-ct pull "$REGISTRY/layers" >/dev/null
    usr-ct create --name box "$REGISTRY/layers" sleep 1000 >/dev/null
    usr-ct cp "$IMAGES/listing" box:/listing
    usr-ct start box >/dev/null
    usr-ct exec box sh /listing >got
    diff "$IMAGES/layers.expected" got
    run_ct -0 exec box sh -c 'umask 077; mkdir /new; echo >/new/file; stat -c %a:%g /new /new/file'
    assert_output $'700:0\n600:0'
    usr-ct rm -f -t 0 box >/dev/null
    usr-ct rmi "$REGISTRY/layers" >/dev/null
  done
  [[ -z $(find "$data/usr-ct" -perm -2000 -print -quit) ]]
  [[ -z $(getfattr -R --absolute-names -m '^system[.]' "$data/usr-ct") ]]
}

@test "homes: a local directory that is gone is made anew; one that is foreign is refused" {
  fuse_home
  usr-ct pull "$REGISTRY/busybox" >/dev/null 2>&1
  unshare --map-auto --map-root-user rm -rf "$USRCT_LOCAL_DIR/usr-ct"
  run_ct -0 images -q
  assert_output ""
  run_ct -0 pull "$REGISTRY/busybox"
  assert_has "$stderr" note
  usr-ct run --rm --network none "$REGISTRY/busybox" true
  chmod 777 "$USRCT_LOCAL_DIR/usr-ct"
  run_ct -125 run --rm --network none "$REGISTRY/busybox" true
  assert_error 1512 "$USRCT_LOCAL_DIR/usr-ct"
  chmod 700 "$USRCT_LOCAL_DIR/usr-ct"
}

@test "homes: a local directory that cannot carry containers either is refused" {
  fuse_home
  mkdir -m 700 "$FILE_DIR/home/also"
  USRCT_LOCAL_DIR=$FILE_DIR/home/also run_ct -1 pull "$REGISTRY/busybox"
  assert_error 1511 USRCT_LOCAL_DIR
  USRCT_LOCAL_DIR=not/absolute run_ct -1 pull "$REGISTRY/busybox"
  assert_error 1511
}

@test "homes: what reads makes nothing" {
  fuse_home
  usr-ct images -q
  usr-ct ps -aq
  [[ -z $(ls -A "$XDG_DATA_HOME") && -z $(ls -A "$USRCT_LOCAL_DIR") ]]
}

@test "homes: no more files can be made: told, and nothing is left" {
  local free
  export XDG_DATA_HOME=$odd/inodes/data USRCT_STORAGE_DRIVER=plain
  mkdir -m 700 "$XDG_DATA_HOME" "$odd/inodes/fill"
  usr-ct pull "$REGISTRY/busybox" >/dev/null
  free=$(df --output=iavail "$odd/inodes" | tail -1)
  seq "$((free - 20))" | (cd "$odd/inodes/fill" && xargs touch)
  USRCT_MOUNT_BACKEND=copy run_ct -125 run --rm --network none "$REGISTRY/busybox" true
  assert_error 1005
  rm -r "$odd/inodes/fill"
  assert_nothing_left
  USRCT_MOUNT_BACKEND=copy usr-ct run --rm --network none "$REGISTRY/busybox" true
  assert_nothing_left
}

@test "homes: a store that cannot be written to is read, and says why nothing can be made" {
  usr-ct pull "$REGISTRY/busybox" >/dev/null
  chmod 500 "$XDG_DATA_HOME"/usr-ct/{containers,tmp}
  run_ct -0 images -q
  assert_lacks "$output" error
  [[ -n $output ]]
  run_ct -125 run --rm --network none "$REGISTRY/busybox" true
  chmod 700 "$XDG_DATA_HOME"/usr-ct/{containers,tmp}
  assert_has "$stderr" "Permission denied"
  usr-ct run --rm --network none "$REGISTRY/busybox" true
}
