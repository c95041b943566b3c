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
  busybox=$REGISTRY/busybox
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
  usr-ct run -d --network none --name life "$busybox" sh -c \
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
    'cat /root/live /root/stopped /new; ls /home; test ! -e /etc/passwd && echo removed; stat -c "%n %a %u:%g" /etc /root /tmp /home'
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
  usr-ct pull "$busybox" >/dev/null
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
  usr-ct create --network none --name named "$busybox" true >/dev/null
  unset USRCT_MOUNT_BACKEND
  # It keeps the one it was made with.
  [[ $(inspect_field named .GraphDriver.Name) == fuse-overlayfs ]]
  usr-ct start -a named
  USRCT_MOUNT_BACKEND=copy usr-ct create --network none --name whole "$busybox" true >/dev/null
  [[ $(inspect_field whole .GraphDriver.Name) == vfs ]]
  [[ -d $(inspect_field whole .GraphDriver.Data.dir) ]]
  usr-ct create --network none --name usual "$busybox" true >/dev/null
  [[ $(inspect_field usual .GraphDriver.Name) == overlay2 ]]
}

@test "backends: one that does not exist is refused by name" {
  USRCT_MOUNT_BACKEND=aufs run_ct -125 run --rm --network none "$busybox" true
  assert_error 1506 aufs
}

@test "backends: fuse-overlayfs lives exactly as long as its container" {
  need_fuse
  export USRCT_MOUNT_BACKEND=fuse-overlayfs
  usr-ct run -d --network none --name one "$busybox" sleep 1000 >/dev/null
  usr-ct run -d --network none --name two "$busybox" sleep 1000 >/dev/null
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
  usr-ct run -d --network none --restart on-failure:3 --name again "$busybox" sh -c \
    'test -e /first && exec sleep 1000; touch /first; exit 1' >/dev/null
  wait_until eval '[[ $(inspect_field again .RestartCount) == 1 ]] && is_state again running'
  usr-ct exec again test -e /first
  [[ $(servers | wc -l) == 1 ]]
}

@test "backends: kill -9 of fuse-overlayfs ends the container, and says why" {
  need_fuse
  local pid
  export USRCT_MOUNT_BACKEND=fuse-overlayfs
  usr-ct run -d --network none --name lost "$busybox" sh -c \
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
  usr-ct run --rm --network none --name loud "$busybox" sh -c 'echo up; sleep 1000' >out 2>err 3>&- &
  local pid=$!
  wait_until file_has out up
  kill -9 "$(servers)"
  status=0
  wait "$pid" || status=$?
  [[ $status == 137 ]]
  file_has err "fuse-overlayfs was killed"
}

@test "backends: kill -9 of the monitor leaves container and fuse-overlayfs alive, rm ends both" {
  need_fuse
  local pid
  export USRCT_MOUNT_BACKEND=fuse-overlayfs
  usr-ct run -d --network none --name orphan "$busybox" sleep 1000 >/dev/null
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
  run_ct -127 run --rm --network none "$busybox" no-such-command
  assert_has "$stderr" no-such-command
  run_ct -125 run --rm --network none -v /etc/passwd:/etc/passwd/below "$busybox" true
  WAIT_S=5 wait_until no_servers
}

@test "backends: --read-only, live mounts and an init on fuse-overlayfs and on a copy" {
  need_fuse
  for USRCT_MOUNT_BACKEND in fuse-overlayfs copy; do
    export USRCT_MOUNT_BACKEND
    run_ct -1 run --rm --network none --read-only "$busybox" sh -c 'echo >/tmp/x && touch /x'
    assert_has "$stderr" "Read-only file system"
    usr-ct run -d --network none --init --name live "$busybox" sleep 1000 >/dev/null
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
  usr-ct run --rm --network none -u 1000:1001 "$busybox" sh -c "$text" >out.overlay
  USRCT_MOUNT_BACKEND=fuse-overlayfs usr-ct run --rm --network none -u 1000:1001 "$busybox" sh -c "$text" >out.fuse
  USRCT_MOUNT_BACKEND=copy usr-ct run --rm --network none -u 1000:1001 "$busybox" sh -c "$text" >out.copy
  diff out.overlay out.fuse
  diff out.overlay out.copy
}

@test "backends: a copy that was killed leaves nothing" {
  local pid
  export USRCT_MOUNT_BACKEND=copy
  for _ in 1 2 3 4 5; do
    usr-ct create --network none "$busybox" true >/dev/null 2>&1 3>&- &
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
  usr-ct pull "$busybox" >/dev/null
  dd if=/dev/zero of="$USRCT_TEST_SMALL_DISK/fill" bs=64k 2>/dev/null || true
  truncate -s -256k "$USRCT_TEST_SMALL_DISK/fill"
  USRCT_MOUNT_BACKEND=copy run_ct -125 run --rm --network none "$busybox" true
  rm "$USRCT_TEST_SMALL_DISK/fill"
  assert_error 1005
  assert_nothing_left
  USRCT_MOUNT_BACKEND=copy usr-ct run --rm --network none "$busybox" true
  remove_all_and_check
  unshare --map-auto --map-root-user rm -rf "$XDG_DATA_HOME"
  export XDG_DATA_HOME=$store
  unset USRCT_STORAGE_DRIVER
}

# --- many layers

many() { # COUNT
  python3 "$BATS_TEST_DIRNAME/../fixtures/tall-image.py" "$IMAGES/oci" busybox "$1" many
  usr-ct pull oci:many:many >/dev/null
}

look_at_layers() {
  usr-ct run --rm --network none many sh -c 'cat /last; echo; ls /layers | wc -l; ls /layers | tail -1; echo x >/new'
}

@test "backends: 250 layers, by overlay, fuse-overlayfs and copy, and by the objects driver" {
  need_fuse
  local store=$XDG_DATA_HOME
  export XDG_DATA_HOME=$FILE_DIR/many USRCT_STORAGE_DRIVER=plain
  many 250
  look_at_layers >out.overlay
  [[ $(cat out.overlay) == $'250\n126\n99' ]]
  USRCT_MOUNT_BACKEND=fuse-overlayfs look_at_layers >out.fuse
  USRCT_MOUNT_BACKEND=copy look_at_layers >out.copy
  usr-ct rmi many >/dev/null
  unset USRCT_STORAGE_DRIVER
  usr-ct pull oci:many:many >/dev/null
  look_at_layers >out.objects
  remove_all_and_check
  usr-ct rmi many >/dev/null
  export XDG_DATA_HOME=$store
  diff out.overlay out.fuse
  diff out.overlay out.copy
  diff out.overlay out.objects
}

@test "backends: 520 layers, more than the kernel takes at once" {
  local store=$XDG_DATA_HOME
  export XDG_DATA_HOME=$FILE_DIR/more USRCT_STORAGE_DRIVER=plain
  many 520
  run_ct -0 run --name deep --network none many sh -c 'cat /last; ls /layers | wc -l; rm /last; rm -r /layers'
  assert_output $'520261'
  usr-ct diff deep >out
  grep -qx 'D /layers' out
  grep -qx 'D /last' out
  usr-ct cp deep:/bin/busybox copied
  remove_all_and_check
  usr-ct rmi many >/dev/null
  export XDG_DATA_HOME=$store
  unset USRCT_STORAGE_DRIVER
}

# --- --storage-opt

@test "backends: --storage-opt size= limits what it writes, in memory" {
  run_ct run --rm --network none --storage-opt size=4m "$busybox" sh -c \
    'dd if=/dev/zero of=/big bs=1M count=3 2>/dev/null && ls -l /big | tr -s " " | cut -d" " -f5; dd if=/dev/zero of=/bigger bs=1M count=3'
  assert_status 1
  assert_has "$output" 3145728
  assert_has "$stderr" "No space left on device"
  # Nothing of it was on the disk: its upper directory stays empty while it runs.
  usr-ct run -d --rm --network none --storage-opt upper=memory --name light "$busybox" sh -c 'echo >/here; exec sleep 1000'
  wait_until usr-ct exec light test -e /here
  [[ -z $(find "$XDG_DATA_HOME"/usr-ct/containers/*/upper -type f) ]]
  [[ $(inspect_field light .HostConfig.StorageOpt.upper) == memory ]]
  usr-ct cp light:/here here
  usr-ct export light | tar t | grep -qx here
  run_ct -1 diff light
  assert_error 1510
  run_ct -1 commit light nothing
  assert_error 1510
}

@test "backends: --storage-opt size= that cannot be kept is an error with reason and hint" {
  run_ct -125 run --network none --storage-opt size=4m "$busybox" true
  assert_error 1509
  assert_has "$stderr" "--rm"
  USRCT_MOUNT_BACKEND=copy run_ct -125 run --rm --network none --storage-opt size=4m "$busybox" true
  assert_error 1509 copy
  run_ct -125 run --rm --network none --storage-opt size=4m --storage-opt upper=disk "$busybox" true
  assert_error 1509
}

@test "backends: other storage options are refused by name" {
  local o
  for o in overlay2.size=3 dm.basesize=10G size size=banana size=1 upper=tape; do
    run_ct -125 run --rm --network none --storage-opt "$o" "$busybox" true
    assert_error 1508 "${o%%=*}"
  done
  run_ct -125 run --rm --network none --storage-opt mount_backend=aufs "$busybox" true
  assert_error 1506 aufs
}

@test "backends: --storage-opt mount_backend= chooses one, whatever the environment says" {
  need_fuse
  USRCT_MOUNT_BACKEND=copy run_ct -0 run --rm --network none --storage-opt mount_backend=fuse-overlayfs \
    "$busybox" sh -c 'mount | head -1'
  assert_has "$output" fuse-overlayfs
}
