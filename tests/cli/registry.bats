#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# registry - push, login, search: against docker-registry, plain, with passwords, and behind TLS
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
  PID='' PROXY=''
}
teardown() {
  [[ -z $PID ]] || kill "$PID"
  [[ -z $PROXY ]] || kill "$PROXY"
  stop_bad_registry
  rm -rf "$XDG_RUNTIME_DIR/containers" "$XDG_CONFIG_HOME/containers"
  remove_all_and_check
}

same() { # A B, references of skopeo: the same bytes
  [ "$(skopeo inspect --raw "$1" | sha256sum)" = "$(skopeo inspect --raw "$2" | sha256sum)" ]
}

@test "push: what was pulled arrives bit by bit, and is there the second time" {
  start_registry
  run_ct -0 push --digestfile digest "$REGISTRY/layers" "$OWN/a/layers:1"
  assert_has "$output" "1: digest: sha256:"
  assert_has "$output" "$(cat digest)"
  [ "$(skopeo inspect --raw --tls-verify=false "docker://$OWN/a/layers:1" | sha256sum | cut -d' ' -f1)" = "$(cut -d: -f2 digest)" ]
  [ "$(cat digest)" = "$(usr-ct image inspect -f '{{.Digest}}' "$REGISTRY/layers")" ]
  run_ct -0 push "$REGISTRY/layers" "$OWN/a/layers:2"
  assert_has "$stderr" "already there"
  assert_lacks "$stderr" " done"
  # And it is whole.
  XDG_DATA_HOME=$FILE_DIR/other usr-ct pull -q "$OWN/a/layers:1"
  XDG_DATA_HOME=$FILE_DIR/other usr-ct run --rm -i --network none "$OWN/a/layers:1" sh -s <"$IMAGES/listing" >got
  diff -u "$IMAGES/layers.expected" got
  unshare --map-auto --map-root-user rm -rf "$FILE_DIR/other"
}

@test "push: other repositories of the registry lend their layers" {
  start_registry
  usr-ct push -q "$REGISTRY/layers" "$OWN/one"
  : >registry.log
  usr-ct push -q "$REGISTRY/layers" "$OWN/two"
  grep -q 'mount=sha256' registry.log
  run ! grep -q 'http.request.method=PATCH' registry.log
  [ "$(usr-ct image inspect -f '{{json .RepoDigests}}' "$REGISTRY/layers" | jq --arg r "$OWN" '[.[] | select(startswith($r))] | length')" = 2 ]
}

@test "pull: several images, and all tags of a repository" {
  start_registry
  for tag in 1 2 latest; do usr-ct push -q "$REGISTRY/busybox" "$OWN/team/tool:$tag"; done
  usr-ct push -q "$REGISTRY/layers" "$OWN/other"
  run_ct -0 pull -q "$OWN/other" "$OWN/team/tool:1"
  [ "${#lines[@]}" = 2 ]
  run_ct -1 pull -q "$OWN/nosuch" "$OWN/team/tool:2"
  assert_error 1202 nosuch
  [ "$output" = "$(usr-ct image inspect -f '{{.Id}}' "$OWN/team/tool:2")" ]
  usr-ct rmi "$OWN/team/tool:1" "$OWN/team/tool:2"
  run_ct -0 pull -q --all-tags "$OWN/team/tool"
  [ "${#lines[@]}" = 3 ]
  [ "$(usr-ct images -q "$OWN/team/tool:*" | wc -l)" -ge 1 ]
  for tag in 1 2 latest; do usr-ct image exists "$OWN/team/tool:$tag"; done
  run_ct -125 pull -a "$OWN/team/tool:1"
  assert_error 1101 "takes a repository"
  run_ct -1 pull -q -a "$OWN/nosuch"
  # A manifest that stands alone is taken whatever it is for, and that is told.
  usr-ct pull --platform linux/s390x "$OWN/other" >/dev/null 2>said
  grep -qxE 'usr-ct: warning: the image is for linux/[a-z0-9]+, not for linux/s390x' said
  usr-ct pull "$OWN/other" >/dev/null 2>said
  run ! grep -q warning said
  run_ct -125 pull --platform linux/amd64 --arch amd64 "$OWN/other"
  assert_error 1131
  usr-ct rmi "$OWN/other" "$OWN/team/tool:1" "$OWN/team/tool:2" "$OWN/team/tool:latest"
}

@test "push: under its own name, all tags, and what was made here" {
  start_registry
  usr-ct tag "$REGISTRY/busybox" "$OWN/own/name:1"
  usr-ct tag "$REGISTRY/busybox" "$OWN/own/name:2"
  run_ct -0 push -a "$OWN/own/name"
  [ "$(skopeo list-tags --tls-verify=false "docker://$OWN/own/name" | jq -c '.Tags | sort')" = '["1","2"]' ]
  usr-ct run --name maker --network none "$REGISTRY/busybox" sh -c 'echo new >/new'
  usr-ct commit -q maker "$OWN/made:1" >/dev/null
  usr-ct push -q "$OWN/made:1"
  XDG_DATA_HOME=$FILE_DIR/other usr-ct pull -q "$OWN/made:1"
  [ "$(XDG_DATA_HOME=$FILE_DIR/other usr-ct run --rm --network none "$OWN/made:1" cat /new)" = new ]
  unshare --map-auto --map-root-user rm -rf "$FILE_DIR/other"
  run_ct -1 push nothere
  assert_error 1202
}

@test "push --compression: layers are converted, the image stays the same" {
  start_registry
  id=$(inspect_field "$REGISTRY/layers" .Id)
  for kind in zstd gzip none; do
    usr-ct push -q --compression "$kind" "$REGISTRY/layers" "$OWN/x:$kind"
    skopeo inspect --raw --tls-verify=false "docker://$OWN/x:$kind" >"$kind.json"
    [ "$(jq -r .config.digest "$kind.json")" = "$id" ]
  done
  jq -e '.mediaType == "application/vnd.oci.image.manifest.v1+json" and (.layers | length == 7)
    and all(.layers[]; .mediaType == "application/vnd.oci.image.layer.v1.tar+zstd")' zstd.json
  jq -e 'all(.layers[]; .mediaType | endswith("tar"))' none.json
  [ "$(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/layers" | sha256sum)" = "$(sha256sum <gzip.json)" ]
  # The same again is there already.
  run_ct -0 push --compression zstd "$REGISTRY/layers" "$OWN/x:again"
  assert_lacks "$stderr" " done"
  export XDG_DATA_HOME=$FILE_DIR/other
  usr-ct pull -q "$OWN/x:zstd"
  usr-ct run --rm -i --network none "$OWN/x:zstd" sh -s <"$IMAGES/listing" >got
  diff -u "$IMAGES/layers.expected" got
  # And back: what came as zstd goes out as gzip, for others to read.
  usr-ct push -q --compression gzip "$OWN/x:zstd" "$OWN/back"
  export XDG_DATA_HOME=$FILE_DIR/data
  unshare --map-auto --map-root-user rm -rf "$FILE_DIR/other"
  skopeo copy -q --insecure-policy --src-tls-verify=false "docker://$OWN/back" dir:dir
  for layer in $(jq -r '.layers[].digest[7:]' dir/manifest.json); do gzip -t <"dir/$layer"; done
  run_ct -125 push --compression lzma "$REGISTRY/layers" "$OWN/x"
}

@test "pull: what is here in another compression is whole afterwards: saved, pushed, checked" {
  start_registry
  export XDG_DATA_HOME=$FILE_DIR/other
  usr-ct pull -q "$REGISTRY/layers" >/dev/null
  usr-ct push -q --compression zstd "$REGISTRY/layers" "$OWN/x:zstd"
  usr-ct system check --repair >/dev/null || true
  usr-ct pull -q "$OWN/x:zstd" >/dev/null
  usr-ct system check --repair >/dev/null || true # the blobs that it had before
  usr-ct save -o both.tar "$REGISTRY/layers" "$OWN/x:zstd"
  skopeo copy -q --insecure-policy "oci:$XDG_DATA_HOME/usr-ct/oci:$OWN/x:zstd" dir:dir
  usr-ct push -q "$OWN/x:zstd" "$OWN/again:1"
  run_ct -0 system check
  usr-ct run --rm -i --network none "$REGISTRY/layers" sh -s <"$IMAGES/listing" >got
  diff -u "$IMAGES/layers.expected" got
  # And it is known now: one request.
  run_ct -0 pull "$OWN/x:zstd"
  assert_has "$stderr" "up to date"
  usr-ct rmi "$OWN/x:zstd" "$REGISTRY/layers" >/dev/null
  export XDG_DATA_HOME=$FILE_DIR/data
  unshare --map-auto --map-root-user rm -rf "$FILE_DIR/other"
}

@test "push: a large layer goes in one stream, and again after the connection broke" {
  start_bad_registry push-cut "$IMAGES/oci" busybox
  head -c 9000000 /dev/urandom >big
  tar -cf big.tar big
  usr-ct import big.tar "$BAD_REGISTRY/big:1" >/dev/null
  run_ct -0 push -q "$BAD_REGISTRY/big:1"
  log=$BATS_TEST_TMPDIR/registry.answer.log
  grep -q '^PATCH cut' "$log"
  grep -q '^PATCH 9[0-9]* ' "$log"
  grep -q '^MANIFEST' "$log"
  usr-ct rmi "$BAD_REGISTRY/big:1"
}

@test "push: what broke off goes on where the registry says" {
  start_bad_registry push-resume "$IMAGES/oci" busybox
  head -c 9000000 /dev/urandom >big
  tar -cf big.tar big
  usr-ct import big.tar "$BAD_REGISTRY/big:1" >/dev/null
  run_ct -0 push -q "$BAD_REGISTRY/big:1"
  log=$BATS_TEST_TMPDIR/registry.answer.log
  # The layer goes by PATCH, the configuration by PUT.
  size=$(stat -c %s big.tar)
  grep -qx "ASK $((size / 2))" "$log"
  grep -qx "PATCH $((size - size / 2)) bytes $((size / 2))-$((size - 1))" "$log"
  grep -qx 'PUT cut' "$log"
  [ "$(grep -c ^ASK "$log")" = 2 ]
  [ "$(grep -c ^PATCH "$log")" = 3 ]
  run ! grep -q 'out of order' "$log"
  grep -qx MANIFEST "$log"
  usr-ct rmi "$BAD_REGISTRY/big:1"
}

# A way to a registry on which connections end after so many bytes, so many times.
start_cutting_proxy() { # HOST:PORT BYTES TIMES
  /usr/bin/python3 "$BATS_TEST_DIRNAME/../fixtures/cutting-proxy.py" "$@" proxy 3>&- &
  PROXY=$!
  wait_until test -e proxy
}

# It refuses to tell of an upload that broke ("upload resumed at wrong offset").
@test "push: to docker-registry, over connections that break" {
  start_registry
  start_cutting_proxy "$OWN" 3000000 2
  head -c 16000000 /dev/urandom >big
  tar -cf big.tar big
  usr-ct import big.tar "$(cat proxy)/big:1" >/dev/null
  run_ct -0 push -q "$(cat proxy)/big:1"
  grep -q 'wrong off[a-z]*: 2[0-9]* != 0' registry.log
  XDG_DATA_HOME=$FILE_DIR/other usr-ct pull -q "$OWN/big:1"
  XDG_DATA_HOME=$FILE_DIR/other usr-ct save "$OWN/big:1" | tar -xO "blobs/sha256/$(sha256sum <big.tar | cut -d' ' -f1)" | cmp - big.tar
  unshare --map-auto --map-root-user rm -rf "$FILE_DIR/other"
  usr-ct rmi "$(cat proxy)/big:1"
}

@test "push and pull: a registry that says at /v2/ alone how to log in" {
  start_bad_registry silent "$IMAGES/oci" busybox
  log=$BATS_TEST_TMPDIR/registry.answer.log
  run_ct -1 pull "$BAD_REGISTRY/x:busybox"
  assert_error 1204
  echo word | usr-ct login -u me --password-stdin "$BAD_REGISTRY" 2>/dev/null
  : >"$log"
  XDG_DATA_HOME=$FILE_DIR/other usr-ct pull -q "$BAD_REGISTRY/x:busybox"
  # Once is enough.
  [ "$(grep -c ^401 "$log")" = 2 ]
  grep -qx '401 GET /v2/' "$log"
  unshare --map-auto --map-root-user rm -rf "$FILE_DIR/other"
  echo x >file
  tar -c file | usr-ct import -q - "$BAD_REGISTRY/own:1"
  run_ct -0 push -q "$BAD_REGISTRY/own:1"
  grep -qx MANIFEST "$log"
  usr-ct logout "$BAD_REGISTRY" >/dev/null
  run_ct -1 push "$BAD_REGISTRY/own:1"
  assert_error 1204
  usr-ct rmi "$BAD_REGISTRY/own:1"
}

@test "push: a registry that refuses large requests gets pieces, 429 and 503 are waited for" {
  start_bad_registry push-small "$IMAGES/oci" busybox
  head -c 20000000 /dev/urandom >big
  tar -cf big.tar big
  usr-ct import big.tar "$BAD_REGISTRY/big:1" >/dev/null
  run_ct -0 push -q "$BAD_REGISTRY/big:1"
  log=$BATS_TEST_TMPDIR/registry.answer.log
  grep -q '^PATCH too large' "$log"
  [ "$(grep -c '^PATCH [0-9]* bytes' "$log")" = 2 ]
  grep -q '^busy 429' "$log"
  grep -q '^busy 503' "$log"
  usr-ct rmi "$BAD_REGISTRY/big:1"
}

@test "push: each step is tried again after the registry broke" {
  start_bad_registry push-broken "$IMAGES/oci" busybox
  head -c 9000000 /dev/urandom >big
  tar -cf big.tar big
  usr-ct import big.tar "$BAD_REGISTRY/big:1" >/dev/null
  run_ct -0 push -q "$BAD_REGISTRY/big:1"
  log=$BATS_TEST_TMPDIR/registry.answer.log
  for step in '502 POST' '500 PATCH' '404 upload' '500 PUT' '500 MANIFEST'; do
    grep -qx "$step" "$log"
  done
  grep -qx MANIFEST "$log"
  usr-ct rmi "$BAD_REGISTRY/big:1"
}

@test "login: tried, kept where podman keeps it, used, forgotten" {
  with_password
  run_ct -1 push -q "$REGISTRY/busybox" "$OWN/b"
  assert_error 1204
  run_ct -1 login -u me --password-stdin "$OWN" <<<"wrong"
  assert_error 1204
  [ ! -e "$XDG_RUNTIME_DIR/containers/auth.json" ]
  run_ct -0 login -u me --password-stdin "$OWN" <<<"secret: word"
  assert_output "Login Succeeded!"
  file=$XDG_RUNTIME_DIR/containers/auth.json
  [ "$(stat -c %a "$file")" = 600 ]
  [ "$(jq -r ".auths[\"$OWN\"].auth" "$file" | base64 -d)" = "me:secret: word" ]
  run_ct -0 login --get-login "$OWN"
  assert_output me
  usr-ct push -q "$REGISTRY/busybox" "$OWN/b"
  # skopeo reads it too, and the other way round.
  skopeo inspect --tls-verify=false "docker://$OWN/b" >/dev/null
  run_ct -0 logout "$OWN"
  [ "$(jq '.auths | length' "$file")" = 0 ]
  run_ct -1 push -q "$REGISTRY/busybox" "$OWN/c"
  assert_error 1204
  run_ct -1 logout "$OWN"
  assert_error 1214
  skopeo login --tls-verify=false -u me --password-stdin "$OWN" <<<"secret: word"
  usr-ct push -q "$REGISTRY/busybox" "$OWN/c"
  # Once, by hand.
  usr-ct logout -a
  usr-ct push -q --creds "me:secret: word" "$REGISTRY/busybox" "$OWN/d"
}

@test "login: at a terminal without echo; a file that was there keeps its other contents" {
  with_password
  mkdir -p "$XDG_RUNTIME_DIR/containers"
  echo '{"auths":{"other.example":{"auth":"eDp5"}},"more":1}' >auth
  ln -s "$PWD/auth" "$XDG_RUNTIME_DIR/containers/auth.json"
  cat >talk.py <<'PY'
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp("usr-ct", ["usr-ct", "login", sys.argv[1]])
seen = b""
def until(text):
    global seen
    while text not in seen:
        seen += os.read(fd, 1000)
until(b"Username: ")
os.write(fd, b"me\n")
until(b"Password: ")
os.write(fd, b"secret: word\n")
try:
    until(b"Succeeded")
except OSError:
    pass
os.waitpid(pid, 0)
sys.stdout.buffer.write(seen)
PY
  /usr/bin/python3 talk.py "$OWN" >said
  grep -q "Login Succeeded" said
  run ! grep -q "secret" said
  [ "$(jq -c '[.more, (.auths | length)]' auth)" = '[1,2]' ]
  [ -L "$XDG_RUNTIME_DIR/containers/auth.json" ]
  run_ct -125 login -p x "$OWN"
  assert_error 1120
}

@test "login: programs that keep secrets are asked" {
  with_password
  mkdir -p bin "$XDG_RUNTIME_DIR/containers"
  cat >bin/docker-credential-box <<'TEXT'
#!/bin/sh
echo "$1" >>"$BOX.calls"
case $1 in
store) cat >"$BOX" ;;
erase) rm -f "$BOX" ;;
get) host=$(cat); [ -e "$BOX" ] && grep -q "$host" "$BOX" && cat "$BOX" || { echo 'credentials not found in native keychain'; exit 1; } ;;
esac
TEXT
  chmod +x bin/docker-credential-box
  export PATH=$PWD/bin:$PATH BOX=$PWD/box
  echo '{"credsStore":"box"}' >"$XDG_RUNTIME_DIR/containers/auth.json"
  usr-ct login -u me --password-stdin "$OWN" <<<"secret: word"
  jq -e '.Username == "me" and .Secret == "secret: word"' box
  run ! grep -q auths "$XDG_RUNTIME_DIR/containers/auth.json"
  usr-ct push -q "$REGISTRY/busybox" "$OWN/b"
  grep -qx get box.calls
  usr-ct logout "$OWN"
  [ ! -e box ]
  run_ct -1 push -q "$REGISTRY/busybox" "$OWN/c"
  assert_error 1204
}

@test "TLS: with the authority in certs.d, not without it, and with any if that is wanted" {
  with_tls
  run_ct -1 push -q --tls-verify "$REGISTRY/busybox" "$OWN/b"
  assert_error 1203
  usr-ct push -q --tls-verify=false "$REGISTRY/busybox" "$OWN/b"
  mkdir -p "$XDG_CONFIG_HOME/containers/certs.d/$OWN"
  cp ca.crt "$XDG_CONFIG_HOME/containers/certs.d/$OWN/"
  usr-ct push -q "$REGISTRY/busybox" "$OWN/c"
  usr-ct pull -q "$OWN/c"
  rm -r "$XDG_CONFIG_HOME/containers"
  mkdir certs
  cp ca.crt certs/
  usr-ct pull -q --cert-dir certs "$OWN/b"
}

@test "search: tags, page by page, and the catalog" {
  start_registry
  for i in 1 2 3; do
    usr-ct push -q "$REGISTRY/busybox" "$OWN/team/x:$i" >/dev/null
  done
  usr-ct push -q "$REGISTRY/busybox" "$OWN/y:latest"
  [ "$(usr-ct search -n "$OWN/team/x" | sort | xargs)" = "1 2 3" ]
  run_ct -0 search -n "$OWN/team/x" 2
  [ "${#lines[@]}" = 2 ]
  run_ct -0 search -n "$OWN/team/x:3"
  assert_output 3
  [ "$(usr-ct search -n "$OWN/" | sort | xargs)" = "team/x y" ]
  run_ct -0 search --list-tags --limit 1 "$OWN/team/x"
  assert_has "$(xargs <<<"$output")" "NAME TAG $OWN/team/x "
  [ "${#lines[@]}" = 2 ]
  run_ct -0 search --list-tags --format '{{.Name}}:{{.Tag}}' "$OWN/team/x:2"
  assert_output "$OWN/team/x:2"
  run_ct -1 search "$OWN/nothere"
  assert_error 1202
}

@test "registries.json: mirrors first, the registry itself if they do not have it, blocked ones never" {
  start_registry
  mkdir -p "$XDG_CONFIG_HOME/usr-ct"
  config=$XDG_CONFIG_HOME/usr-ct/registries.json
  usr-ct push -q "$REGISTRY/busybox" "$OWN/hub/library/mirrored:1"
  echo '{"registries":{"docker.io":{"mirrors":["127.0.0.1:1","'"$OWN"'/hub"]}}}' >"$config"
  usr-ct pull -q mirrored:1 >/dev/null
  run_ct -0 run --rm --network none --pull never mirrored:1 echo runs
  assert_output runs
  [ "$(usr-ct image inspect -f '{{index .RepoTags}}' mirrored:1 | grep -c mirrored:1)" = 1 ]
  usr-ct rmi mirrored:1
  echo '{"registries":{"registry.invalid":{"location":"'"$OWN"'/hub/library"}}}' >"$config"
  usr-ct pull -q registry.invalid/mirrored:1 >/dev/null
  usr-ct rmi registry.invalid/mirrored:1
  echo '{"registries":{"'"$OWN"'":{"blocked":true}}}' >"$config"
  run_ct -1 pull "$OWN/hub/library/mirrored:1"
  assert_error 1215
  echo 'nonsense' >"$config"
  run_ct -1 pull "$OWN/hub/library/mirrored:1"
  rm "$config"
}

@test "registries.json: a mirror that gives wrong bytes is left out" {
  start_registry
  mkdir -p "$XDG_CONFIG_HOME/usr-ct"
  usr-ct push -q "$REGISTRY/busybox" "$OWN/x"
  start_bad_registry tampered "$IMAGES/oci" busybox
  echo '{"registries":{"'"$OWN"'":{"mirrors":["'"$BAD_REGISTRY"'"]}}}' >"$XDG_CONFIG_HOME/usr-ct/registries.json"
  skopeo copy -q --insecure-policy --src-tls-verify=false --dest-tls-verify=false \
    "docker://$OWN/x" "docker://$OWN/x:busybox"
  export XDG_DATA_HOME=$BATS_TEST_TMPDIR/fresh
  usr-ct pull -q "$OWN/x:busybox"
  run_ct -0 run --rm --network none --pull never "$OWN/x:busybox" echo runs
  assert_output runs
  unshare --map-auto --map-root-user rm -rf "$XDG_DATA_HOME"
  export XDG_DATA_HOME=$FILE_DIR/data
  rm "$XDG_CONFIG_HOME/usr-ct/registries.json"
}

@test "policy.json: reject, accept, and what cannot be checked is refused" {
  mkdir -p "$XDG_CONFIG_HOME/containers"
  policy=$XDG_CONFIG_HOME/containers/policy.json
  accept='[{"type":"insecureAcceptAnything"}]'
  echo '{"default":[{"type":"reject"}],"transports":{"docker":{"'"$REGISTRY/entry"'":'"$accept"'}}}' >"$policy"
  run_ct -1 pull "$REGISTRY/as-user"
  assert_error 1216 rejects
  usr-ct pull -q "$REGISTRY/entry" >/dev/null
  usr-ct rmi "$REGISTRY/entry"
  echo '{"default":[{"type":"sigstoreSigned","keyPath":"/k"}]}' >"$policy"
  run_ct -1 pull "$REGISTRY/entry"
  assert_error 1216 sigstoreSigned
  echo '{}' >"$policy"
  run_ct -1 pull "$REGISTRY/entry"
  assert_error 1216
}

@test "image update: what changed is said, and update does it too where no container is meant" {
  start_registry
  usr-ct push -q "$REGISTRY/busybox" "$OWN/moves"
  usr-ct pull -q "$OWN/moves" >/dev/null
  run_ct -0 image update "$OWN/moves"
  assert_output "$OWN/moves: up to date"
  skopeo copy -q --insecure-policy --src-tls-verify=false --dest-tls-verify=false \
    "docker://$REGISTRY/layers" "docker://$OWN/moves"
  run_ct -0 update "$OWN/moves"
  assert_has "$output" "$OWN/moves: "
  assert_has "$output" "4 of 7 layers are new"
  run_ct image update all # also names of registries that earlier tests had
  assert_has "$output" "$OWN/moves:latest: up to date"
  usr-ct rmi "$OWN/moves"
  usr-ct create --name moves --network none "$REGISTRY/busybox" true
  run_ct -125 update moves
  assert_error 1101
}
