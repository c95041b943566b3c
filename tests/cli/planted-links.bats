#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# planted-links - links that a container made to lead out of it, met by whoever works for it outside;
# with each mount back end
bats_require_minimum_version 1.5.0
load helpers

B=$REGISTRY/busybox

setup_file() {
  setup_store busybox
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR" || return
  # Outside, a file to be read and a directory to be written to.
  outside=$FILE_DIR/outside
  mkdir "$outside"
  echo secret >"$outside/secret"
  echo ours >ours
  unset USRCT_MOUNT_BACKEND
}
teardown() {
  local r=0
  unset USRCT_MOUNT_BACKEND
  [[ $(ls "$outside") == secret && $(cat "$outside/secret") == secret ]] || r=1
  remove_all_and_check || r=1
  usr-ct volume ls -q | xargs -r usr-ct volume rm >/dev/null || r=1
  rm -rf "$outside"
  return "$r"
}

backends() {
  [[ ! -w /dev/fuse || -z $(command -v fuse-overlayfs) ]] || echo fuse-overlayfs
  printf '%s\n' overlay copy
}

# Every form of link out, below /planted of a container or /v of a volume.
plant() { # DIR
  printf '%s\n' "mkdir -p $1; cd $1" "ln -s $outside abs" "ln -s ../../../../../../../../..$outside rel" \
    "ln -s /proc/1/root$outside proc" "ln -s /proc/self/cwd/../../../../../../../../$outside cwd" \
    "ln -s $outside/secret file" "ln -s $outside/new new" "ln -s abs twice"
}

@test "planted links: cp never reads or writes outside, running or stopped" {
  local way from
  for USRCT_MOUNT_BACKEND in $(backends); do
    export USRCT_MOUNT_BACKEND
    usr-ct run -d --name box --network none "$B" sh -c "$(plant /planted); touch /done; exec sleep 1000" >/dev/null
    wait_until usr-ct exec box test -e /done
    for way in running stopped; do
      [[ $way == running ]] || usr-ct stop -t 0 box >/dev/null
      for from in abs rel proc cwd twice; do
        run_ct cp "box:/planted/$from/secret" "$PWD/got"
        [[ $status != 0 && ! -e got ]] || fail "$USRCT_MOUNT_BACKEND, $way: read by $from"
        run_ct cp -L "box:/planted/$from" "$PWD/dir"
        [[ ! -e dir/secret ]] || fail "$USRCT_MOUNT_BACKEND, $way: read by -L $from"
        rm -rf dir
        run_ct cp ours "box:/planted/$from/ours"
        run_ct cp ours "box:/planted/$from"
        run_ct cp "$PWD/." "box:/planted/$from"
        tar c ours | usr-ct cp - "box:/planted/$from" || true
      done
      run_ct cp -L "box:/planted/file" "$PWD/got"
      [[ ! -e got ]] || [[ $(cat got) != secret ]] || fail "$USRCT_MOUNT_BACKEND, $way: read by -L"
      rm -f got
      run_ct cp ours box:/planted/file
      run_ct cp ours box:/planted/new
    done
    usr-ct export box | tar x --to-stdout 2>/dev/null | grep -q '^secret$' && fail "$USRCT_MOUNT_BACKEND: exported"
    usr-ct commit box planted:1 >/dev/null
    usr-ct rm box >/dev/null
    usr-ct rmi planted:1 >/dev/null
  done
}

@test "planted links: volumes: cp through one, copy-up, subpath, export, snapshot, U" {
  local from
  for USRCT_MOUNT_BACKEND in $(backends); do
    export USRCT_MOUNT_BACKEND
    usr-ct run --rm --network none -v data:/v "$B" sh -c "$(plant /v)"
    usr-ct create --name box --network none -v data:/v "$B" true >/dev/null
    for from in abs rel proc cwd twice; do
      run_ct cp ours "box:/v/$from/ours"
      run_ct cp ours "box:/v/$from"
      run_ct cp "box:/v/$from/secret" "$PWD/got"
      [[ $status != 0 && ! -e got ]] || fail "$USRCT_MOUNT_BACKEND: read by $from"
      run_ct run --rm --network none --mount "type=volume,src=data,dst=/s,subpath=$from" "$B" cat /s/secret
      [[ $status != 0 ]] || fail "$USRCT_MOUNT_BACKEND: mounted by $from"
    done
    usr-ct rm box >/dev/null
    usr-ct volume export data | tar x --to-stdout 2>/dev/null | grep -q '^secret$' && fail "exported"
    usr-ct volume snapshot data shot >/dev/null
    run_ct -0 run --rm --network none -v shot:/v "$B" sh -c 'cat /v/file /v/abs/secret 2>/dev/null; echo end'
    assert_output end
    usr-ct run --rm --network none -u 1000 -v shot:/v:U "$B" true
    [[ $(stat -c %u "$outside/secret") == "$(id -u)" ]]
    usr-ct volume rm data shot >/dev/null
  done
}

@test "planted links: an image whose places are links: copy-up, mount targets, tmpfs, -w" {
  for USRCT_MOUNT_BACKEND in $(backends); do
    export USRCT_MOUNT_BACKEND
    usr-ct run --name made --network none "$B" sh -c "$(plant /planted)" >/dev/null
    usr-ct commit made trap:1 >/dev/null
    usr-ct rm made >/dev/null
    # A new volume is filled from what is there in the image, not in the machine.
    run_ct run --rm --network none -v filled:/planted/abs trap:1 sh -c 'ls /planted/abs/'
    assert_lacks "$output" secret
    run_ct run --rm --network none -v "$PWD:/planted/rel/deep" trap:1 sh -c 'ls /planted/rel/'
    assert_lacks "$output" secret
    run_ct run --rm --network none -v ./ours:/planted/new trap:1 cat /planted/new
    run_ct run --rm --network none --tmpfs /planted/proc/t trap:1 true
    run_ct run --rm --network none -w /planted/twice trap:1 ls
    assert_lacks "$output" secret
    usr-ct volume rm -f filled >/dev/null
    usr-ct rmi trap:1 >/dev/null
  done
}
