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
  # More than go on at once: the same one is not refused three times in a row.
  start_front tokens=8 nobody account
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
  [ "$(grep -c ^TOKEN front.log)" -ge 3 ]
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
  start_front tokens=8
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

# --- pulls that end before they are done

layers_asked() { # how often each layer was asked for
  grep -o 'layer sha256:.*' "$BATS_TEST_TMPDIR/registry.answer.log" | sort | uniq -c | awk '{ print $1 }'
}

stored() { # COUNT
  [ "$(find "$FILE_DIR/other/usr-ct/layers" -mindepth 1 -maxdepth 1 | wc -l)" -ge "$1" ]
}

# Of the image's eight layers all but the topmost are there.
pull_until_topmost() { # NAME
  XDG_DATA_HOME=$FILE_DIR/other usr-ct pull -q "$BAD_REGISTRY/$1:layers" >"$1.log" 2>&1 3>&- &
  PULL=$!
  wait_until stored 6
}

@test "pull: what was there when one was killed is not fetched again, and goes if nobody wants it" {
  local n
  start_bad_registry hang-one "$IMAGES/oci" layers
  pull_until_topmost one
  n=$(find "$FILE_DIR/other/usr-ct/layers" -mindepth 1 -maxdepth 1 | wc -l)
  kill -9 "$PULL"
  wait "$PULL" || true
  wait_until no_leftover_processes
  other usr-ct pull -q "$BAD_REGISTRY/one:layers" >/dev/null
  is_whole "$BAD_REGISTRY/one:layers"
  # All once, but for the topmost, and what was on its way to its place.
  [ "$(layers_asked | awk '$1 > 2' | wc -l)" = 0 ]
  [ "$(layers_asked | awk '$1 == 1' | wc -l)" -ge "$n" ] || fail "$n were there: $(layers_asked)"
  other usr-ct rmi "$BAD_REGISTRY/one:layers" >/dev/null
  is_bare "$FILE_DIR/other/usr-ct/layers"
  # Any other command than a pull puts it away.
  stop_bad_registry
  start_bad_registry hang-one "$IMAGES/oci" layers
  pull_until_topmost two
  kill -9 "$PULL"
  wait "$PULL" || true
  wait_until no_leftover_processes
  other usr-ct system prune -f >/dev/null
  is_bare "$FILE_DIR/other/usr-ct/layers"
  [ -z "$(find "$FILE_DIR/other/usr-ct/objects" "$FILE_DIR/other/usr-ct/oci/blobs" -type f 2>/dev/null)" ]
}

@test "pull: of two that want the same layers one is killed, and the other takes over" {
  start_bad_registry hang-one "$IMAGES/oci" layers
  pull_until_topmost one
  other usr-ct pull -q "$BAD_REGISTRY/two:layers" >two.log 2>&1 3>&- &
  second=$!
  manifests() { [ "$(grep -c manifests "$BATS_TEST_TMPDIR/registry.answer.log")" = 2 ]; }
  wait_until manifests
  # It waits for the first one's layer, and does not ask for it.
  [ "$(layers_asked | sort -n | tail -1)" = 1 ]
  kill -9 "$PULL"
  wait "$PULL" || true
  wait "$second" || fail "$(cat two.log)"
  [ "$(layers_asked | awk '$1 > 2' | wc -l)" = 0 ]
  is_whole "$BAD_REGISTRY/two:layers"
}

@test "pull: after the registry broke down the next one fetches only the rest" {
  start_bad_registry lose-one "$IMAGES/oci" layers
  other run_ct -1 pull -q "$BAD_REGISTRY/one:layers"
  assert_error 1205 "status 500"
  : >"$BATS_TEST_TMPDIR/registry.answer.found"
  stored 6
  : >"$BATS_TEST_TMPDIR/registry.answer.log"
  other usr-ct pull -q "$BAD_REGISTRY/one:layers" >/dev/null
  is_whole "$BAD_REGISTRY/one:layers"
  [ "$(layers_asked | wc -l)" -le 2 ]
}

# An image layout DIR:x, whose configuration and manifest CODE (of Python) may change.
odd_layout() { # DIR CODE
  skopeo copy -q --insecure-policy "oci:$IMAGES/oci:layers" "oci:$1:x"
  python3 - "$@" <<'PY'
import hashlib, json, sys

where, code = sys.argv[1:]

def read(digest):
    with open(f"{where}/blobs/sha256/{digest[7:]}", encoding="utf-8") as f:
        return json.load(f)

def keep(what, d):
    data = json.dumps(what).encode()
    d["digest"], d["size"] = "sha256:" + hashlib.sha256(data).hexdigest(), len(data)
    with open(f"{where}/blobs/sha256/{d['digest'][7:]}", "wb") as f:
        f.write(data)

with open(where + "/index.json", encoding="utf-8") as f:
    index = json.load(f)
manifest = read(index["manifests"][0]["digest"])
config = read(manifest["config"]["digest"])
exec(code)
keep(config, manifest["config"])
keep(manifest, index["manifests"][0])
with open(where + "/index.json", "w", encoding="utf-8") as f:
    json.dump(index, f)
PY
}

@test "history: what an image says of itself does not reach the terminal as commands" {
  odd_layout odd 'for step in config["history"]:
    step.update(created_by="\x1b]0;me\x07 \u009b31m\tü", comment="\x1b[2J")'
  usr-ct pull -q oci:odd:x >/dev/null
  run_ct -0 history x
  assert_has "$output" "?]0;me? ??31m ü"
  run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <<<"$output"
  usr-ct rmi x >/dev/null
}

# --- odd images, limits, and what is shown

@test "pull: an image with the same layers twice, which are fetched once" {
  local driver
  odd_layout twice 'manifest["layers"] *= 2
config["rootfs"]["diff_ids"] *= 2
config.pop("history", None)'
  start_bad_registry count "$PWD/twice" x
  for driver in plain objects; do
    [[ $driver == plain ]] || has_linux 6.16 || continue
    : >"$BATS_TEST_TMPDIR/registry.answer.log"
    USRCT_STORAGE_DRIVER=$driver other usr-ct pull -q "$BAD_REGISTRY/twice:x" >/dev/null
    [ "$(layers_asked | sort -n | tail -1)" = 1 ] || fail "$(layers_asked)"
    is_whole "$BAD_REGISTRY/twice:x"
    unshare --map-auto --map-root-user rm -rf "$FILE_DIR/other"
  done
}

@test "limits: a layer that unpacks to too much is stopped, unless its user wants it" {
  local driver
  mkdir bomb
  truncate -s 40M bomb/zeroes
  tar -C bomb -c zeroes | gzip -1 >bomb.tar.gz
  start_registry
  usr-ct import -q bomb.tar.gz "$OWN/bomb:1" >/dev/null
  usr-ct push -q "$OWN/bomb:1"
  usr-ct rmi "$OWN/bomb:1" >/dev/null
  for driver in plain objects; do
    [[ $driver == plain ]] || has_linux 6.16 || continue
    export USRCT_STORAGE_DRIVER=$driver
    USRCT_LAYER_MAX_BYTES=10m other run_ct -1 pull "$OWN/bomb:1"
    assert_error 1209 "unpacks to more than 10485760 bytes"
    assert_has "$stderr" "USRCT_LAYER_MAX_BYTES="
    USRCT_LAYER_MAX_BYTES=lots other run_ct -1 pull "$OWN/bomb:1"
    assert_error 1102 "lots"
    is_bare "$FILE_DIR/other/usr-ct/layers"
    USRCT_LAYER_MAX_BYTES=50m other run_ct -0 pull -q "$OWN/bomb:1"
    unshare --map-auto --map-root-user rm -rf "$FILE_DIR/other"
  done
}

@test "system df: agrees with du about images, through both drivers" {
  local driver sum du
  head -c 30000000 /dev/urandom >big
  tar -cf big.tar big
  for driver in plain objects; do
    [[ $driver == plain ]] || has_linux 6.16 || continue
    export USRCT_STORAGE_DRIVER=$driver
    other usr-ct pull -q "$REGISTRY/layers" >/dev/null
    other usr-ct import -q big.tar big:1 >/dev/null
    sum=$(other usr-ct system df --format '{{.RawSize}}' | awk '{ sum += $1 } END { print sum }')
    du=$(du -s --block-size=1 "$FILE_DIR/other/usr-ct" | cut -f1)
    [ "$sum" -le "$du" ] && [ $(((du - sum) * 100)) -le "$du" ] || fail "$driver: du: $du, df: $sum"
    unshare --map-auto --map-root-user rm -rf "$FILE_DIR/other"
  done
}

@test "pull at a terminal: bars that fit into 80 and 40 columns; -q says the id alone" {
  local columns id
  start_bad_registry good "$IMAGES/oci" layers
  id=$(jq -r '.config.digest' "$IMAGES/oci/blobs/sha256/$(jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "layers").digest[7:]' "$IMAGES/oci/index.json")")
  for columns in 80 40; do
    XDG_DATA_HOME=$FILE_DIR/other "$BATS_TEST_DIRNAME/../fixtures/terminal.py" sh -c "stty cols $columns
      usr-ct pull '$BAD_REGISTRY/x:layers' >id; usr-ct rmi '$BAD_REGISTRY/x:layers' >rmi" -- exit:0 >"said$columns"
    [ "$(cat id)" = "$id" ]
    grep -q 'layers, .* in ' "said$columns"
    grep -q $'\e\\[J' "said$columns"
    # The name of the image may be longer; what is drawn again and again must not be.
    sed -e 's/\x1b\[[0-9;]*[A-Za-z]//g' -e 's/\r/\n/g' "said$columns" | grep -v '@sha256:' >lines
    run ! env LC_ALL=C.UTF-8 grep -P "^.{$columns}" lines
  done
  XDG_DATA_HOME=$FILE_DIR/other "$BATS_TEST_DIRNAME/../fixtures/terminal.py" usr-ct pull -q "$BAD_REGISTRY/x:layers" -- exit:0 >said
  [ "$(tr -d '\r\n' <said)" = "$id" ]
}
