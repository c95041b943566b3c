#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# backends - the ways to put a container's files together: overlay, fuse-overlayfs, copy
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR" || return
  unset USRCT_MOUNT_BACKEND
  IMAGE=$REGISTRY/busybox
}
teardown() {
  unset USRCT_MOUNT_BACKEND
  remove_all_and_check
}

need_fuse() {
  [[ -w /dev/fuse && -n $(command -v fuse-overlayfs) ]] || skip "fuse-overlayfs cannot be used here"
}

# Of our store; the machine may have others.
servers() {
  local pid
  for pid in $(pgrep -x fuse-overlayfs); do
    [[ /proc/$pid/ns/user -ef /proc/self/ns/user ]] || is_gone "$pid" || printf '%s\n' "$pid"
  done
}

no_servers() {
  [[ -z $(servers) ]]
}

# What every back end must do, told by what one sees.
live_a_life() {
  usr-ct run -d --network none --name life "$IMAGE" sh -c \
    'echo new >/new; rm /etc/passwd; rm -rf /home; mkdir /home; ln /new /link; exec sleep 1000' >/dev/null
  wait_until usr-ct exec life test -e /link
  usr-ct exec life sh -c 'stat -c "%n %a %u:%g" /etc /tmp; stat -c "%n %a %u:%g %h" /new /link; cat /new'
  echo from outside >file
  usr-ct cp file life:/root/live
  usr-ct exec life cat /root/live
  usr-ct stop -t 0 life >/dev/null
  usr-ct cp file life:/root/stopped
  usr-ct cp life:/root - | tar t | sort
  usr-ct diff life
  usr-ct start life >/dev/null
  # Its program ran once more, and meets its own files.
  usr-ct exec life sh -c 'cat /root/live /root/stopped; ls /home; test ! -e /etc/passwd && echo removed'
  usr-ct commit life life-image >/dev/null
  usr-ct run --rm --network none life-image sh -c \
    'cat /root/live /root/stopped /new; ls -d /home/*; test ! -e /etc/passwd && echo removed; stat -c "%n %a %u:%g" /etc /root /tmp /home'
  usr-ct export life | tar t | sed 's,^\./,,' | sort | sha256sum
  usr-ct rm -f life >/dev/null
  usr-ct rmi life-image >/dev/null
}

@test "backends: each does the same" {
  need_fuse
  live_a_life >out.overlay 2>&1
  USRCT_MOUNT_BACKEND=fuse-overlayfs live_a_life >out.fuse 2>&1
  USRCT_MOUNT_BACKEND=copy live_a_life >out.copy 2>&1
  cat out.overlay
  grep -qx removed out.overlay
  diff -u out.overlay out.fuse
  diff -u out.overlay out.copy
}

@test "backends: the same where layers are plain" {
  need_fuse
  local store=$XDG_DATA_HOME
  export XDG_DATA_HOME=$FILE_DIR/plain USRCT_STORAGE_DRIVER=plain
  usr-ct pull "$IMAGE" >/dev/null
  live_a_life >out.overlay 2>&1
  USRCT_MOUNT_BACKEND=fuse-overlayfs live_a_life >out.fuse 2>&1
  USRCT_MOUNT_BACKEND=copy live_a_life >out.copy 2>&1
  remove_all_and_check
  export XDG_DATA_HOME=$store
  unset USRCT_STORAGE_DRIVER
  diff -u out.overlay out.fuse
  diff -u out.overlay out.copy
}

@test "backends: info and inspect name the one that is used" {
  need_fuse
  [[ $(usr-ct info --format '{{.MountBackend}} {{.Driver}}') == "overlay overlay2" ]]
  [[ $(USRCT_MOUNT_BACKEND=copy usr-ct info --format '{{.MountBackend}} {{.Driver}}') == "copy vfs" ]]
  export USRCT_MOUNT_BACKEND=fuse-overlayfs
  [[ $(usr-ct info --format '{{.MountBackend}} {{.Driver}}') == "fuse-overlayfs fuse-overlayfs" ]]
  usr-ct create --network none --name named "$IMAGE" true >/dev/null
  unset USRCT_MOUNT_BACKEND
  # It keeps the one it was made with.
  [[ $(inspect_field named .GraphDriver.Name) == fuse-overlayfs ]]
  usr-ct start -a named
  USRCT_MOUNT_BACKEND=copy usr-ct create --network none --name whole "$IMAGE" true >/dev/null
  [[ $(inspect_field whole .GraphDriver.Name) == vfs ]]
  [[ -d $(inspect_field whole .GraphDriver.Data.dir) ]]
  usr-ct create --network none --name usual "$IMAGE" true >/dev/null
  [[ $(inspect_field usual .GraphDriver.Name) == overlay2 ]]
}

@test "backends: one that does not exist is refused by name" {
  USRCT_MOUNT_BACKEND=aufs run_ct -125 run --rm --network none "$IMAGE" true
  assert_error 1506 aufs
}

@test "backends: fuse-overlayfs lives exactly as long as its container" {
  need_fuse
  export USRCT_MOUNT_BACKEND=fuse-overlayfs
  usr-ct run -d --network none --name one "$IMAGE" sleep 1000 >/dev/null
  usr-ct run -d --network none --name two "$IMAGE" sleep 1000 >/dev/null
  [[ $(servers | wc -l) == 2 ]]
  # Nobody in the container sees it.
  run_ct -0 exec one ps
  assert_lacks "$output" fuse-overlayfs
  usr-ct kill one
  usr-ct wait one
  WAIT_S=5 wait_until eval '[[ $(servers | wc -l) == 1 ]]'
  usr-ct exec two true
  usr-ct rm -f two
  WAIT_S=5 wait_until no_servers
}

@test "backends: a restart has a new fuse-overlayfs and the same files" {
  need_fuse
  export USRCT_MOUNT_BACKEND=fuse-overlayfs
  usr-ct run -d --network none --restart on-failure:3 --name again "$IMAGE" sh -c \
    'test -e /first && exec sleep 1000; touch /first; exit 1' >/dev/null
  wait_until eval '[[ $(inspect_field again .RestartCount) == 1 ]] && is_state again running'
  usr-ct exec again test -e /first
  [[ $(servers | wc -l) == 1 ]]
}

@test "backends: kill -9 of fuse-overlayfs ends the container, and says why" {
  need_fuse
  local pid
  export USRCT_MOUNT_BACKEND=fuse-overlayfs
  usr-ct run -d --network none --name lost "$IMAGE" sh -c \
    'touch /before; while :; do ls -R / >/dev/null; done' >/dev/null
  usr-ct logs -f lost >log 2>&1 &
  wait_until usr-ct exec lost test -e /before
  pid=$(servers)
  kill -9 "$pid"
  WAIT_S=10 wait_until is_state lost exited
  [[ $(inspect_field lost .State.ExitCode) == 137 ]]
  assert_has "$(inspect_field lost .State.Error)" "fuse-overlayfs"
  wait
  # What was written before is there.
  USRCT_MOUNT_BACKEND='' usr-ct diff lost | grep -qx 'A /before'
  usr-ct start lost
  usr-ct exec lost test -e /before
  [[ $(inspect_field lost .State.Error) == "" ]]
}

@test "backends: whoever is attached hears of the loss" {
  need_fuse
  export USRCT_MOUNT_BACKEND=fuse-overlayfs
  usr-ct run --rm --network none --name loud "$IMAGE" sh -c 'echo up; sleep 1000' >out 2>err 3>&- &
  wait_until file_has out up
  kill -9 "$(servers)"
  status=0
  wait $! || status=$?
  [[ $status == 137 ]]
  file_has err "fuse-overlayfs was killed"
}

@test "backends: kill -9 of the monitor leaves container and fuse-overlayfs alive, rm ends both" {
  need_fuse
  local pid
  export USRCT_MOUNT_BACKEND=fuse-overlayfs
  usr-ct run -d --network none --name orphan "$IMAGE" sleep 1000 >/dev/null
  pid=$(sed -n 's/^monitor=\([0-9]*\).*/\1/p' "$XDG_DATA_HOME"/usr-ct/containers/*/state)
  kill -9 "$pid"
  wait_until is_gone "$pid"
  usr-ct exec orphan sh -c 'echo still >/still; cat /still'
  usr-ct rm -f orphan
  WAIT_S=5 wait_until no_servers
}

@test "backends: a start that fails leaves no fuse-overlayfs" {
  need_fuse
  export USRCT_MOUNT_BACKEND=fuse-overlayfs
  run_ct -127 run --rm --network none "$IMAGE" no-such-command
  assert_has "$stderr" no-such-command
  run_ct -125 run --rm --network none -v /etc/passwd:/etc/passwd/below "$IMAGE" true
  WAIT_S=5 wait_until no_servers
}

@test "backends: --read-only, live mounts and an init on fuse-overlayfs and on a copy" {
  need_fuse
  for USRCT_MOUNT_BACKEND in fuse-overlayfs copy; do
    export USRCT_MOUNT_BACKEND
    run_ct -1 run --rm --network none --read-only "$IMAGE" sh -c 'echo >/tmp/x && touch /x'
    assert_has "$stderr" "Read-only file system"
    usr-ct run -d --network none --init --name live "$IMAGE" sleep 1000 >/dev/null
    mkdir -p shared
    echo here >shared/file
    usr-ct mount add live "$PWD/shared:/mnt/shared"
    [[ $(usr-ct exec live cat /mnt/shared/file) == here ]]
    usr-ct rm -f live >/dev/null
  done
}

@test "backends: another user inside, owners and set-uid bits" {
  need_fuse
  local text
  text='id -u; touch /tmp/mine; stat -c %u:%g /tmp/mine; cat /etc/shadow 2>/dev/null; echo $?'
  usr-ct run --rm --network none -u 1000:1001 "$IMAGE" sh -c "$text" >out.overlay
  USRCT_MOUNT_BACKEND=fuse-overlayfs usr-ct run --rm --network none -u 1000:1001 "$IMAGE" sh -c "$text" >out.fuse
  USRCT_MOUNT_BACKEND=copy usr-ct run --rm --network none -u 1000:1001 "$IMAGE" sh -c "$text" >out.copy
  diff out.overlay out.fuse
  diff out.overlay out.copy
}

@test "backends: a copy that was killed leaves nothing" {
  local pid
  export USRCT_MOUNT_BACKEND=copy
  for _ in 1 2 3 4 5; do
    usr-ct create --network none "$IMAGE" true >/dev/null 2>&1 3>&- &
    pid=$!
    read -rt 0.0$((RANDOM % 9 + 1)) <> <(:) || true
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" || true
  done
}

@test "backends: a full disk during the copy is told, and leaves nothing" {
  local store=$XDG_DATA_HOME
  [[ -n ${USRCT_TEST_SMALL_DISK:-} ]] || skip "there is no small disk"
  export XDG_DATA_HOME=$USRCT_TEST_SMALL_DISK/data USRCT_STORAGE_DRIVER=plain
  mkdir -p "$XDG_DATA_HOME"
  usr-ct pull "$IMAGE" >/dev/null
  dd if=/dev/zero of="$USRCT_TEST_SMALL_DISK/fill" bs=64k 2>/dev/null || true
  truncate -s -256k "$USRCT_TEST_SMALL_DISK/fill"
  USRCT_MOUNT_BACKEND=copy run_ct -125 run --rm --network none "$IMAGE" true
  rm "$USRCT_TEST_SMALL_DISK/fill"
  assert_error 1005
  assert_nothing_left
  USRCT_MOUNT_BACKEND=copy usr-ct run --rm --network none "$IMAGE" true
  remove_all_and_check
  unshare --map-auto --map-root-user rm -rf "$XDG_DATA_HOME"
  export XDG_DATA_HOME=$store
  unset USRCT_STORAGE_DRIVER
}
