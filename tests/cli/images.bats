#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# images - pull from a registry and from a layout, what layers may contain, list, inspect, remove
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
  remove_all_and_check
  usr-ct images -q | sort -u | xargs -r usr-ct rmi -f >/dev/null
  is_bare "$XDG_DATA_HOME/usr-ct/layers" || fail "layers left: $(ls "$XDG_DATA_HOME/usr-ct/layers")"
  [[ -z $(find "$XDG_DATA_HOME/usr-ct/objects" -type f 2>/dev/null) ]] || fail "objects left"
}

check_layers() { # IMAGE
  run_ct -0 run --rm -i "$1" sh -s <"$IMAGES/listing"
  printf '%s\n' "$output" >got
  diff -u "$IMAGES/layers.expected" got
}

@test "pull: from a registry over HTTP on loopback" {
  run_ct -0 pull "$REGISTRY/busybox:latest"
  run_ct -0 images
  assert_has "${lines[0]}" REPOSITORY
  assert_has "${lines[0]}" "IMAGE ID"
  assert_has "${lines[1]}" "$REGISTRY/busybox"
  assert_has "${lines[1]}" latest
  run_ct -0 run --rm "$REGISTRY/busybox" echo runs
  assert_output runs
}

@test "pull: the id is the digest of the config, as other tools say" {
  usr-ct pull "$REGISTRY/busybox"
  config=$(skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/busybox" | jq -r .config.digest)
  [ "$(inspect_field "$REGISTRY/busybox" .Id)" = "$config" ]
}

@test "pull: Docker's manifest type and repositories with several components" {
  run_ct -0 pull "$REGISTRY/team/project/busybox:docker"
  run_ct -0 run --rm "$REGISTRY/team/project/busybox:docker" echo runs
  assert_output runs
}

@test "pull: by digest" {
  digest=$(skopeo inspect --tls-verify=false "docker://$REGISTRY/busybox" | jq -r .Digest)
  run_ct -0 pull "$REGISTRY/busybox@$digest"
  run_ct -0 run --rm "$REGISTRY/busybox@$digest" echo runs
  assert_output runs
}

@test "pull: from an OCI image layout" {
  run_ct -0 pull "oci:$IMAGES/oci:busybox"
  run_ct -0 run --rm busybox echo runs
  assert_output runs
}

@test "pull: again is quick, and layers that are here are not fetched twice" {
  usr-ct pull "$REGISTRY/busybox"
  before=$(inspect_field "$REGISTRY/busybox" .Id)
  run_ct -0 pull "$REGISTRY/busybox"
  usr-ct pull "$REGISTRY/busybox:1.0"
  [ "$(inspect_field "$REGISTRY/busybox:1.0" .Id)" = "$before" ]
  [ "$(find "$XDG_DATA_HOME/usr-ct/layers" -mindepth 1 -maxdepth 1 | wc -l)" = 3 ]
}

@test "pull: four at the same time store each layer once" {
  for name in busybox as-user entry stopsignal; do
    usr-ct pull "$REGISTRY/$name" >"$name.log" 2>&1 3>&- &
  done
  wait
  [ "$(usr-ct images -q | wc -l)" = 4 ] || fail "$(cat ./*.log)"
  [ "$(find "$XDG_DATA_HOME/usr-ct/layers" -mindepth 1 -maxdepth 1 | wc -l)" = 3 ]
}

@test "layers: whiteouts, opaque directories, links, owners, modes, names and sizes are right" {
  usr-ct pull "$REGISTRY/layers"
  check_layers "$REGISTRY/layers"
}

@test "layers: the same with zstd" {
  usr-ct pull "$REGISTRY/layers:zstd"
  check_layers "$REGISTRY/layers:zstd"
}

@test "layers: hard links stay one file" {
  usr-ct pull "$REGISTRY/layers"
  run_ct -0 run --rm "$REGISTRY/layers" sh -c 'stat -c "%h %i" /fixture/links/a /fixture/links/b'
  [ "${lines[0]}" = "${lines[1]}" ]
  run_ct -0 run --rm "$REGISTRY/layers" sh -c '[ /bin/sh -ef /bin/ls ] && echo one'
  assert_output one
}

@test "layers: user attributes and file capabilities are kept" {
  usr-ct pull "$REGISTRY/layers"
  dir=$(dirname "$(find "$XDG_DATA_HOME/usr-ct/layers" -path '*/fixture/data/keep' | head -1)")
  assert_has "$(getfattr -d "$dir/keep" 2>/dev/null)" 'user.note="an attribute"'
  # A file capability works for an ordinary user inside: port 80 there needs cap_net_bind_service
  # unless the sysctl says otherwise, so look at what exec gave.
  run_ct -0 run --rm -u app "$REGISTRY/layers" /fixture/busybox-capable sh -c 'grep ^CapEff /proc/self/status | cut -f2'
  assert_output 0000000000000400
}

@test "layers: a set-user-id program is one inside" {
  usr-ct pull "$REGISTRY/layers"
  run_ct -0 run --rm -u app "$REGISTRY/layers" /fixture/busybox-setuid id -u
  # busybox gives its rights up for applets that do not need them; /proc tells what exec gave.
  run_ct -0 run --rm -u app "$REGISTRY/layers" stat -c '%a %u' /fixture/busybox-setuid
  assert_output "4755 0"
}

@test "layers: the user of the image" {
  usr-ct pull "$REGISTRY/layers-user"
  run_ct -0 run --rm "$REGISTRY/layers-user" id -un
  assert_output app
}

@test "a whole Debian, made by mmdebstrap" {
  [[ -n $(skopeo list-tags --tls-verify=false "docker://$REGISTRY/debian" 2>/dev/null) ]] ||
    skip "no debian image could be made here"
  usr-ct pull "$REGISTRY/debian"
  run_ct -0 run --rm "$REGISTRY/debian" bash -c '. /etc/os-release; echo $ID; dpkg -l | grep -c ^ii'
  [ "${lines[0]}" = debian ]
  [ "${lines[1]}" -gt 50 ]
  run_ct -0 run --rm "$REGISTRY/debian" bash -c 'useradd -m person && su person -c "id -un"'
  assert_output person
  run_ct -0 run --rm "$REGISTRY/debian" bash -c 'stat -c "%U:%G %a" /etc/shadow /usr/bin/passwd'
  assert_output "$(printf 'root:shadow 640\nroot:root 4755')"
}

@test "run: pulls what is missing, unless told not to" {
  run_ct -125 run --rm --pull never "$REGISTRY/busybox" true
  assert_error 1211
  run_ct -0 run --rm "$REGISTRY/busybox" echo pulled
  assert_output pulled
  run_ct -0 run --rm --pull never "$REGISTRY/busybox" echo here
  assert_output here
}

@test "images: -q, ids and sizes" {
  usr-ct pull "$REGISTRY/busybox"
  run_ct -0 images -q
  [[ $output =~ ^[0-9a-f]{12}$ ]]
  assert_has "$(inspect_field "$REGISTRY/busybox" .Id)" "$output"
  run_ct -0 images
  assert_has "${lines[1]}" MB
}

@test "images: an empty store gives a heading and creates nothing" {
  XDG_DATA_HOME=$PWD/nothing run_ct -0 images
  [ "${#lines[@]}" = 1 ]
  [ ! -e nothing ]
}

@test "inspect: an image's configuration in Docker's words" {
  usr-ct pull "$REGISTRY/entry"
  [ "$(inspect_field "$REGISTRY/entry" .Config.WorkingDir)" = /made/on/demand ]
  [ "$(inspect_field "$REGISTRY/entry" '.Config.Entrypoint[0]')" = args ]
  assert_has "$(inspect_field "$REGISTRY/entry" '.RepoTags[]')" "$REGISTRY/entry:latest"
  [ "$(inspect_field "$REGISTRY/entry" .Os)" = linux ]
}

@test "rmi: a name goes first, the image with its last name" {
  usr-ct pull "$REGISTRY/busybox"
  usr-ct pull "$REGISTRY/busybox:1.0"
  run_ct -0 rmi "$REGISTRY/busybox:1.0"
  run_ct -0 run --rm "$REGISTRY/busybox" true
  run_ct -0 rmi "$REGISTRY/busybox"
  run_ct -0 images -q
  assert_output ""
  is_bare "$XDG_DATA_HOME/usr-ct/layers"
}

@test "rmi: layers that another image needs stay" {
  usr-ct pull "$REGISTRY/busybox"
  usr-ct pull "$REGISTRY/layers"
  usr-ct rmi "$REGISTRY/layers"
  run_ct -0 run --rm "$REGISTRY/busybox" echo fine
  assert_output fine
}

@test "rmi: an image in use is kept" {
  usr-ct run -d --name user "$REGISTRY/busybox" sleep 1000
  run_ct -1 rmi "$REGISTRY/busybox"
  assert_error 1210
  run_ct -1 rmi -f "$REGISTRY/busybox"
  usr-ct rm -f user
  run_ct -0 rmi "$REGISTRY/busybox"
}

@test "rmi: by id and by a prefix of it; unknown ones are errors" {
  usr-ct pull "$REGISTRY/busybox"
  run_ct -0 rmi "$(usr-ct images -q)"
  run_ct -1 rmi "$REGISTRY/busybox"
  assert_error 1202
}

@test "the store is a valid OCI layout that other tools can read" {
  usr-ct pull "$REGISTRY/layers"
  data=$XDG_DATA_HOME/usr-ct/oci
  jq -e '.manifests | length >= 1' "$data/index.json"
  digest=$(jq -r '.manifests[0].digest' "$data/index.json")
  [ "sha256:$(sha256sum "$data/blobs/${digest/://}" | cut -d' ' -f1)" = "$digest" ]
  (cd "$data/blobs/sha256" && for f in *; do echo "$f  $f"; done | sha256sum -c --quiet)
}

@test "nothing in the store can be written or read by others" {
  usr-ct pull "$REGISTRY/busybox"
  [[ $(stat -c %a "$XDG_DATA_HOME/usr-ct") == 7?? ]]
  [ "$(stat -c %a "$XDG_DATA_HOME/usr-ct" | tail -c 3)" = 00 ] || [ "$(stat -c %a "$XDG_DATA_HOME/usr-ct")" = 711 ]
}
