#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# errors - bad input: each one says what failed, what to do, has a code, and leaves nothing behind
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
}
teardown() {
  stop_bad_registry
  remove_all_and_check
}

# A failed pull: nothing of it is listed, nothing of it is left on disk.
assert_no_trace() {
  [ -z "$(usr-ct images -q)" ] || fail "still listed: $(usr-ct images)"
  is_bare "$XDG_DATA_HOME/usr-ct/layers" || fail "layers left: $(ls "$XDG_DATA_HOME/usr-ct/layers")"
  usr-ct rm -f no-such-container 2>/dev/null || true
  [ -z "$(find "$XDG_DATA_HOME" -type f -size +64k -not -name 'index.db*' -not -path '*/oci/blobs/*')" ] ||
    fail "left on disk: $(find "$XDG_DATA_HOME" -type f -size +64k)"
}

refused() { # LAYOUT CODE
  run_ct pull "oci:$IMAGES/bad/$1:bad"
  [ "$status" != 0 ] || { show; fail "$1 was taken"; }
  assert_error "$2"
  assert_no_trace
}

# --- command line

@test "an unknown command is refused and a near one suggested" {
  run_ct -125 rnu
  assert_error 1101 run
  run_ct -125 imagse
  assert_has "$stderr" images
}

@test "an unknown flag is refused and a near one suggested" {
  run_ct ps --al
  [ "$status" = 125 ]
  assert_error 1101 --all
}

@test "no command at all shows the help" {
  run usr-ct
  assert_has "$output" run
  assert_has "$output" pull
}

@test "--help of every command has a usage line and an example" {
  for c in run create start stop kill rm ps logs pull images rmi inspect doctor explain info version; do
    run_ct -0 "$c" --help
    assert_has "$output" "usr-ct $c"
    assert_has "${output,,}" example
    [ -z "$stderr" ]
  done
}

@test "bad values of flags are refused" {
  run_ct -125 run --pull sometimes x true
  assert_has "$stderr" UCT-110
  run_ct stop -t soon x
  [ "$status" != 0 ]
  assert_has "$stderr" UCT-110
  run_ct logs --tail -3x x
  [ "$status" != 0 ]
  assert_has "$stderr" UCT-110
}

@test "explain: every code that errors carry is described" {
  run_ct -0 explain UCT-1202
  assert_has "$output" "no such image"
  run_ct -0 explain 1202
  run_ct -1 explain UCT-9999
  assert_error 1105
}

@test "an empty argument where a name is wanted is refused" {
  for c in stop rm logs inspect kill rmi pull; do
    run_ct "$c" ""
    [ "$status" != 0 ] || fail "$c '' succeeded"
    assert_has "$stderr" "UCT-"
  done
}

# --- references and registries

@test "bad references are refused before anything is asked" {
  for r in 'UPPER/case' 'a b' 'name:' ':tag' 'name@sha256:short' 'host:port:more/x' '../x' 'x//y' \
    "$(printf 'x%.0s' {1..300})" $'new\nline' 'oci:'; do
    run_ct pull "$r"
    [ "$status" != 0 ] || fail "'$r' was taken"
    assert_has "$stderr" UCT-1201
  done
}

@test "an unknown image in a registry" {
  run_ct -1 pull "$REGISTRY/no-such-image"
  assert_error 1202 no-such-image
  run_ct -1 pull "$REGISTRY/busybox:no-such-tag"
  assert_error 1202 no-such-tag
  run_ct -125 run --rm "$REGISTRY/no-such-image" true
  assert_error 1202
  assert_no_trace
}

@test "an unknown image in a layout, and a layout that is none" {
  run_ct -1 pull "oci:$IMAGES/oci:no-such-tag"
  assert_error 1202
  mkdir empty
  run_ct pull oci:./empty:x
  [ "$status" != 0 ]
  assert_has "$stderr" UCT-12
  run_ct pull oci:./missing:x
  [ "$status" != 0 ]
  assert_has "$stderr" missing
}

@test "an unreachable registry: nobody listens" {
  # Port 1 of loopback refuses at once.
  run_ct -1 pull 127.0.0.1:1/x
  assert_error 1203 127.0.0.1:1
  run_ct -125 run --rm 127.0.0.1:1/x true
  assert_error 1203
}

@test "an unreachable registry: the name does not resolve" {
  run_ct -1 pull no-such-host.invalid:5000/x
  assert_error 1203 no-such-host.invalid
}

@test "a registry that wants credentials" {
  start_bad_registry denied "$IMAGES/bad/good" bad
  run_ct -1 pull "$BAD_REGISTRY/x:bad"
  assert_error 1204
}

@test "a registry that is broken, and a captive portal" {
  start_bad_registry broken "$IMAGES/bad/good" bad
  run_ct -1 pull "$BAD_REGISTRY/x:bad"
  assert_has "$stderr" UCT-1205
  assert_has "$stderr" 500
  stop_bad_registry
  start_bad_registry html "$IMAGES/bad/good" bad
  run_ct -1 pull "$BAD_REGISTRY/x:bad"
  [[ $stderr == *UCT-1205* || $stderr == *UCT-1207* ]] || { show; false; }
  assert_no_trace
}

@test "a registry that changes bytes is caught by the digest" {
  start_bad_registry tampered "$IMAGES/bad/good" bad
  run_ct -1 pull "$BAD_REGISTRY/x:bad"
  [[ $stderr == *UCT-1206* || $stderr == *UCT-1209* ]] || { show; false; }
  assert_no_trace
}

@test "a transfer that is cut off" {
  start_bad_registry cut "$IMAGES/bad/good" bad
  run_ct -1 pull "$BAD_REGISTRY/x:bad"
  assert_has "$stderr" UCT-12
  assert_no_trace
}

@test "a registry that sends more than it promised is stopped" {
  start_bad_registry endless "$IMAGES/bad/good" bad
  run --separate-stderr within 60 usr-ct pull "$BAD_REGISTRY/x:bad"
  assert_status 1
  assert_has "$stderr" UCT-12
  assert_no_trace
}

@test "Ctrl-C during a pull that hangs ends it" {
  start_bad_registry hang "$IMAGES/bad/good" bad
  usr-ct pull "$BAD_REGISTRY/x:bad" >out 2>&1 3>&- &
  client=$!
  fetching() { our_processes | while read -r p; do cat "/proc/$p/comm"; done | grep -q usr-ct-fetch; }
  wait_until fetching
  kill -TERM "$client"
  code=0
  wait "$client" || code=$?
  [ "$code" != 0 ]
  assert_no_trace
}

# --- images that lie

@test "bad digests and sizes" {
  refused bad-digest 1206
  refused size-too-large 1206
  refused size-too-small 1206
  refused bad-diff-id 1206
}

@test "blobs that are missing, and digests that are paths" {
  run_ct pull "oci:$IMAGES/bad/no-blob:bad"
  [ "$status" != 0 ]
  assert_has "$stderr" UCT-12
  assert_no_trace
  for bad in digest-is-path size-negative fewer-diff-ids wrong-types; do
    refused "$bad" 1207
  done
}

@test "manifests and configurations that are no such thing" {
  refused bad-manifest 1207
  refused bad-config 1207
  refused schema1 1207
}

@test "an image for other machines only" {
  refused platform 1208
}

@test "truncated and foreign layers" {
  refused truncated 1209
  refused truncated-tar 1209
  refused not-a-tar 1209
  refused not-gzip 1209
}

@test "no entry of a layer leaves its directory" {
  for bad in dotdot dotdot-inside absolute symlink symlink-up hardlink hardlink-symlink whiteout whiteout-dots; do
    run_ct pull "oci:$IMAGES/bad/$bad:bad"
    # Refusing it and keeping it inside are both right; leaving is not.
    if [ "$status" != 0 ]; then
      assert_error 1209
      assert_no_trace
    else
      run_ct run --rm bad cat /stolen
      assert_lacks "$output" "$(head -1 /etc/passwd | cut -c1-12)x-host-only"
      usr-ct rmi -f bad
    fi
    for place in / /tmp /var/tmp /var/tmp/usrct-test/tmp "$HOME" "$XDG_DATA_HOME" "$XDG_DATA_HOME/usr-ct" \
      "$XDG_DATA_HOME/usr-ct/layers" "$XDG_DATA_HOME/usr-ct/tmp"; do
      [ -z "$(find "$place" -maxdepth 1 -name 'escaped*' 2>/dev/null)" ] || fail "$bad escaped to $place"
    done
  done
}

@test "a container's root cannot lead mounts outside by symbolic links" {
  usr-ct pull "oci:$IMAGES/oci:busybox"
  mkdir src
  usr-ct run --rm -v ./src:/s busybox ln -s /proc/1/root /s/evil
  run_ct run --rm -v ./src:/s -v ./src:/s/evil/etc busybox true
  [ ! -e src/etc ]
  usr-ct rmi busybox
}

# --- the machine's limits

@test "a full disk is said so, and nothing half-made stays" {
  small=${USRCT_TEST_SMALL_DISK:?}
  XDG_DATA_HOME=$small run_ct -1 pull "oci:$IMAGES/oci:layers"
  assert_error 1005
  XDG_DATA_HOME=$small run_ct rm -f no-such-container
  XDG_DATA_HOME=$small run_ct images -q
  assert_output ""
  [ "$(df --output=used -k "$small" | tail -1)" -lt 1000 ] || fail "left: $(find "$small" | head -50)"
}

@test "a store that cannot be made or written is an error of its own" {
  mkdir locked
  chmod 500 locked
  XDG_DATA_HOME=$PWD/locked run_ct -1 pull "oci:$IMAGES/oci:busybox"
  assert_has "$stderr" locked
  assert_has "$stderr" UCT-
  echo file >in-the-way
  XDG_DATA_HOME=$PWD/in-the-way run_ct -1 pull "oci:$IMAGES/oci:busybox"
  assert_has "$stderr" in-the-way
}

@test "a damaged index is reported, not overwritten" {
  mkdir -p data/usr-ct
  head -c 8192 /dev/urandom >data/usr-ct/index.db
  sum=$(sha256sum data/usr-ct/index.db)
  XDG_DATA_HOME=$PWD/data run_ct images
  [ "$status" != 0 ]
  assert_error 1301
  [ "$(sha256sum data/usr-ct/index.db)" = "$sum" ]
}

@test "a limit of open files or processes that is too low is an error, not a hang" {
  usr-ct pull "oci:$IMAGES/oci:busybox"
  run within 30 bash -c 'ulimit -n 8; usr-ct run --rm --network none busybox true'
  [ "$status" != 124 ]
  usr-ct rmi -f busybox
}

@test "doctor: every line has state and reason, failing ones a fix; --json is JSON" {
  run_ct doctor
  [[ $status == 0 || $status == 1 ]]
  run_ct doctor --json
  jq -e 'type == "array" or type == "object"' <<<"$output"
  assert_has "$output" userns
}

@test "info and version" {
  run_ct -0 version
  assert_has "$output" "0."
  run_ct -0 info
  assert_has "$output" "$XDG_DATA_HOME"
}
