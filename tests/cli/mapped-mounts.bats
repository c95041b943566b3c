#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# mapped-mounts - overlays, mounted images and U in containers with ids of their own
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
  mkdir src
  echo content >src/file
  echo secret >src/closed
  chmod 644 src/file
  chmod 600 src/closed
}
teardown() {
  remove_all_and_check
}

# The launcher does, who reads in the root that it mounted who the user is. Layers of the plain driver it
# does not mount.
can_give() {
  [[ $(usr-ct info --format '{{.StorageDriver}}') == objects ]]
}

inside() { # OPTION... IMAGE COMMAND...
  run_ct run --rm --network none "$@"
}

@test "mapped mounts: O under a map that leaves you out" {
  local map
  for map in auto nomap; do
    chmod 777 src
    inside --userns "$map" -v ./src:/s:O "$B" sh -c 'cat /s/file; stat -c %u:%g /s/file; cat /s/closed 2>/dev/null || echo no
      echo x >/s/new; stat -c %u:%g /s/new; rm /s/file; ls /s'
    assert_output $'content\n65534:65534\nno\n0:0\nclosed\nnew'
    # Neither is the directory's mode changed, nor is anything written to it.
    [[ $(stat -c '%a %u' src) == "777 $(id -u)" && ! -e src/new && -e src/file ]]
    chmod 755 src
    inside --userns "$map" -v ./src:/s:O,ro "$B" sh -c 'cat /s/file; touch /s/x'
    assert_status 1
    assert_output content
    assert_has "$stderr" "Read-only"
    inside --userns "$map" --mount type=overlay,source=./src,target=/s "$B" touch /s/x
    assert_status 1
    assert_has "$stderr" "Permission denied"
  done
}

@test "mapped mounts: O with U gives the copies to the container's user" {
  local map
  for map in auto nomap keep-id; do
    inside --userns "$map" -u 1000:1001 -v ./src:/s:O,U "$B" sh -c 'stat -c %u:%g /s /s/file; cat /s/closed; echo more >>/s/file; cat /s/file'
    if [[ $map != keep-id ]] && ! can_give; then
      assert_status 125
      assert_error 1338
      continue
    fi
    assert_output $'1000:1001\n1000:1001\nsecret\ncontent\nmore'
    [[ $(stat -c %u:%g src src/file) == "$(id -u):$(id -g)"$'\n'"$(id -u):$(id -g)" ]]
    [[ $(cat src/file) == content ]]
  done
}

@test "mapped mounts: U on a directory under a map that leaves you out" {
  inside --userns auto -u 7:8 -v ./src:/s:U "$B" sh -c 'stat -c %u:%g /s/closed; echo new >>/s/closed'
  if ! can_give; then
    assert_status 125
    assert_error 1338
    [[ $(stat -c %u src) == "$(id -u)" ]]
    return
  fi
  assert_output 7:8
  [[ $(stat -c %u src) != "$(id -u)" ]]
  inside -u 0 --userns host-root -v ./src:/s:U "$B" cat /s/closed
  assert_output $'secret\nnew'
  [[ $(stat -c %u src) == "$(id -u)" ]]
}

@test "mapped mounts: O is empty again at the next start, upperdir keeps, a volume can be below" {
  local map=auto
  can_give || map=keep-id
  usr-ct create --name ct --network none --userns "$map" -v ./src:/s:O,U "$B" sh -c 'ls /s; echo x >/s/new; rm /s/file' >/dev/null
  run_ct -0 start -a ct
  assert_output $'closed\nfile'
  run_ct -0 start -a ct
  assert_output $'closed\nfile'
  mkdir up work
  inside --userns keep-id -v "./src:/s:O,upperdir=$PWD/up,workdir=$PWD/work" "$B" sh -c 'echo kept >/s/new'
  [[ $(cat up/new) == kept ]]
  inside --userns keep-id -v "./src:/s:O,upperdir=$PWD/up,workdir=$PWD/work" "$B" cat /s/new
  assert_output kept
  inside --userns nomap -v data:/d "$B" sh -c 'echo v >/d/f'
  inside --userns nomap -v data:/d:O "$B" sh -c 'echo w >/d/f; cat /d/f'
  assert_output w
  inside --userns nomap -v data:/d "$B" cat /d/f
  assert_output v
  usr-ct rm ct >/dev/null
  usr-ct volume rm data >/dev/null
}

@test "mapped mounts: an image as a volume has the owners that it says" {
  local map
  [[ $(usr-ct info --format '{{.StorageDriver}}') == objects ]] || skip "layers of the plain driver have one map"
  for map in keep-id nomap auto:size=60000; do
    inside --userns "$map" -u 0 --mount "type=image,source=$REGISTRY/layers,target=/i" "$B" \
      sh -c 'stat -c %u:%g /i/bin/busybox /i/home/app; touch /i/x'
    assert_status 1
    assert_output $'0:0\n1000:1000'
    assert_has "$stderr" "Read-only"
    inside --userns "$map" -u 0 --mount "type=image,source=$B,target=/i,rw=true" "$B" \
      sh -c 'echo y >/i/home/app/x; chown 5:6 /i/home/app/x; rm /i/etc/passwd; stat -c %u:%g /i/home/app/x; ls /i/etc/passwd 2>/dev/null || echo gone'
    assert_output $'5:6\ngone'
    inside --userns "$map" -u 0 --mount "type=image,source=$B,target=/i,subpath=home" "$B" stat -c %u:%g /i/app
    assert_output 1000:1000
  done
}

@test "mapped mounts: an image as a volume where the root comes from another back end" {
  local backend map
  [[ $(usr-ct info --format '{{.StorageDriver}}') == objects ]] || skip "layers of the plain driver have one map"
  for backend in fuse-overlayfs copy; do
    [[ $backend == copy || ( -w /dev/fuse && -n $(command -v fuse-overlayfs) ) ]] || continue
    for map in keep-id auto; do
      inside --storage-opt "mount_backend=$backend" --userns "$map" -u 0 --mount "type=image,source=$B,target=/i" \
        -v ./src:/s:O "$B" sh -c 'stat -c %u:%g /i/bin/busybox /i/home/app /home/app; cat /s/file'
      assert_output $'0:0\n1000:1000\n1000:1000\ncontent'
    done
  done
}

@test "mapped mounts: an image of the plain driver can be mounted and read" {
  local store=$XDG_DATA_HOME
  export XDG_DATA_HOME=$FILE_DIR/plain USRCT_STORAGE_DRIVER=plain
  usr-ct pull "$B" >/dev/null
  inside --storage-opt mount_backend=copy --userns auto --mount "type=image,source=$B,target=/i" "$B" \
    sh -c 'cat /i/etc/group | head -1; stat -c %u:%g /i/bin/busybox'
  assert_output $'root:x:0:\n65534:65534'
  remove_all_and_check
  export XDG_DATA_HOME=$store
  unset USRCT_STORAGE_DRIVER
}
