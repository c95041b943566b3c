#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# registry-walk - tokens, redirects and broken answers in front of a real registry; pulls that are killed
bats_require_minimum_version 1.5.0
load helpers
load registries

setup_file() {
  setup_store busybox layers
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
  unset DOCKER_CONFIG REGISTRY_AUTH_FILE
  export HOME=$BATS_TEST_TMPDIR/home
  mkdir -p "$HOME"
  PID='' FRONT_PID=''
  LAYERS=$REGISTRY/layers
}
teardown() {
  [[ -z $PID ]] || kill "$PID"
  [[ -z $FRONT_PID ]] || kill "$FRONT_PID"
  stop_bad_registry
  rm -rf "$XDG_RUNTIME_DIR/containers" "$XDG_CONFIG_HOME/containers"
  [[ ! -e $FILE_DIR/other ]] || unshare --map-auto --map-root-user rm -rf "$FILE_DIR/other"
  remove_all_and_check
}

# Something before the registry OWN; its address is FRONT then.
start_front() { # WORD...
  rm -f front
  /usr/bin/python3 "$BATS_TEST_DIRNAME/../fixtures/front.py" "$OWN" front "$@" 3>&- &
  FRONT_PID=$!
  wait_until test -e front
  FRONT=$(cat front)
}

other() { # COMMAND...: with a store of its own
  XDG_DATA_HOME=$FILE_DIR/other "$@"
}

# The image is whole in the other store.
is_whole() { # IMAGE
  other usr-ct run --rm -i --network none --pull never "$1" sh -s <"$IMAGES/listing" >got
  diff -u "$IMAGES/layers.expected" got
}

@test "tokens: a push and a pull whose tokens run out again and again" {
  start_registry
  start_front tokens=3 nobody account
  run_ct -1 push -q "$LAYERS" "$FRONT/one/x:1"
  assert_error 1204
  run_ct -0 login -u me --password-stdin "$FRONT" <<<word
  # Who is asked who we are is not told of an image.
  grep -q '^TOKEN /token?service=a%20b&account=me with' front.log
  head -c 9000000 /dev/urandom >big
  usr-ct run --name big --network none "$LAYERS" true
  usr-ct cp -q big big:/big
  usr-ct commit -q big "$FRONT/one/x:1" >/dev/null
  : >front.log
  run_ct -0 push -q "$FRONT/one/x:1"
  [ "$(grep -c ^TOKEN front.log)" -ge 5 ]
  other run_ct -0 pull -q "$FRONT/one/x:1"
  other usr-ct run --rm --network none "$FRONT/one/x:1" cat /big | cmp - big
  # For a layer of another repository the token is for both.
  : >front.log
  usr-ct push -q "$FRONT/one/x:1" "$FRONT/two/x:1"
  grep -q 'mount=sha256' front.log
  grep -qE '^TOKEN .*scope=repository%3Atwo%2Fx%3Apull%2Cpush.*scope=repository%3Aone%2Fx%3Apull' front.log
  run ! grep -q '^PATCH' front.log
  run ! grep -q 'word\|bWU6d29yZA' front.log
  usr-ct rmi "$FRONT/one/x:1" >/dev/null
}

@test "tokens: search, and the tags of a repository" {
  start_registry
  usr-ct push -q "$LAYERS" "$OWN/team/x:1"
  usr-ct push -q "$LAYERS" "$OWN/team/x:2"
  start_front tokens=2
  [ "$(usr-ct search -n "$FRONT/team/x" | sort | xargs)" = "1 2" ]
  grep -q '^TOKEN .* without' front.log
  other run_ct -0 pull -q --all-tags "$FRONT/team/x"
  [ "$(other usr-ct images --format '{{.Tag}}' | sort | xargs)" = "1 2" ]
}

@test "redirects: blobs that lie elsewhere are found there by push and pull, without a password" {
  start_registry
  usr-ct push -q "$LAYERS" "$OWN/x:1"
  start_front tokens=1000 nobody heads
  usr-ct login -u me --password-stdin "$FRONT" <<<word
  other run_ct -0 pull -q "$FRONT/x:1"
  is_whole "$FRONT/x:1"
  grep -q '^ELSEWHERE GET bare' front.log
  # All of them are there, as HEAD says after a redirect.
  usr-ct tag "$LAYERS" "$FRONT/x:2"
  run_ct -0 push "$FRONT/x:2"
  assert_has "$stderr" "already there"
  assert_lacks "$stderr" " done"
  grep -q '^ELSEWHERE HEAD bare' front.log
  run ! grep -q 'ELSEWHERE .* with' front.log
  run ! grep -q '^POST' front.log
  usr-ct rmi "$FRONT/x:2"
}

@test "digests: one that the registry names beside the manifest counts, too" {
  start_registry
  usr-ct push -q "$LAYERS" "$OWN/x:1"
  start_front "header=sha256:$(printf '%064d' 7)"
  other run_ct -1 pull "$FRONT/x:1"
  assert_error 1206 "says sha256:0000"
  other run_ct -0 images -q
  assert_output ""
}

@test "push: an answer of each kind that is over soon is tried again" {
  start_registry
  start_front fail=HEAD:500 fail=POST:503 fail=PATCH:500 fail=PUT:502 fail=MANIFEST:429
  head -c 9000000 /dev/urandom >big
  tar -cf big.tar big
  usr-ct import -q big.tar "$FRONT/big:1" >/dev/null
  run_ct -0 push -q "$FRONT/big:1"
  [ "$(grep -c '^fails' front.log)" = 5 ]
  other run_ct -0 pull -q "$OWN/big:1"
  usr-ct rmi "$FRONT/big:1"
}

@test "login: a keeper of secrets that never stops talking is none" {
  start_registry
  usr-ct push -q "$LAYERS" "$OWN/x:1"
  mkdir -p bin "$XDG_RUNTIME_DIR/containers"
  printf '#!/bin/sh\nexec yes "{"\n' >bin/docker-credential-talker
  chmod +x bin/docker-credential-talker
  echo '{"credsStore":"talker"}' >"$XDG_RUNTIME_DIR/containers/auth.json"
  PATH=$PWD/bin:$PATH other within 30 usr-ct pull -q "$OWN/x:1"
}
