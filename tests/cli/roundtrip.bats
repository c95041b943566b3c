#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# roundtrip - images to and from podman, buildah, skopeo and umoci, by registries and archives
bats_require_minimum_version 1.5.0
load helpers
load registries

setup_file() {
  setup_store busybox
  export PODMAN_DIR=$FILE_DIR/podman
  mkdir "$PODMAN_DIR"
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
  unset DOCKER_CONFIG REGISTRY_AUTH_FILE
  export HOME=$BATS_TEST_TMPDIR/home
  mkdir -p "$HOME"
  B=$REGISTRY/busybox
  ID=$(inspect_field "$B" .Id)
  PID=
}
teardown() {
  [[ -z $PID ]] || kill "$PID"
  rm -rf "$XDG_RUNTIME_DIR/containers/auth.json" "$XDG_CONFIG_HOME/containers"
  # What podman leaves to hold its namespace.
  local file
  while read -r file; do
    kill "$(cat "$file")" || true
    rm "$file"
  done < <(find "$XDG_RUNTIME_DIR" "$PODMAN_DIR" -name pause.pid)
  remove_all_and_check
}

# A store of their own that needs neither overlay nor FUSE.
theirs() { # podman|buildah ARGUMENT...
  local program=$1
  shift
  command "$program" --root "$PODMAN_DIR/root" --runroot "$PODMAN_DIR/run" --storage-driver vfs "$@"
}
podman() {
  theirs podman "$@"
}
buildah() {
  theirs buildah "$@"
}

# A fresh store for what comes back.
other() {
  XDG_DATA_HOME=$FILE_DIR/other usr-ct "$@"
}
other_done() {
  unshare --map-auto --map-root-user rm -rf "$FILE_DIR/other"
}
# The digests of the layers' tars, which were checked when it came, say that it has the same files. The
# id may be another one: podman's docker form has a configuration of its own.
is_whole() { # IMAGE, in the other store
  [ "$(other run --rm --network none "$1" echo runs)" = runs ]
  [ "$(other image inspect -f '{{json .RootFS.Layers}}' "$1")" = "$(usr-ct image inspect -f '{{json .RootFS.Layers}}' "$B")" ]
}

@test "roundtrip: archives of ours into podman, of each form, and back from it" {
  usr-ct tag "$B" trip:1
  for format in docker-archive oci-archive docker-archive-old; do
    usr-ct save --format "$format" -o in.tar trip:1
    podman load -q -i in.tar
    [ "$(podman images -q --no-trunc)" = "$ID" ]
    podman rmi -f "${ID#sha256:}" >/dev/null
  done
  podman load -q -i in.tar
  for format in docker-archive oci-archive oci-dir; do
    rm -rf out
    podman save -q --format "$format" -o out "${ID#sha256:}"
    other load -q -i out >name
    is_whole "$(head -1 name)"
    other_done
  done
  # Compressed, and several at once.
  podman tag "${ID#sha256:}" docker.io/library/trip:a docker.io/library/trip:b
  podman save -q -m --format docker-archive -o out.tar docker.io/library/trip:a docker.io/library/trip:b
  gzip -n out.tar
  other load -q <out.tar.gz >names
  [ "$(sort names | xargs)" = "trip:a trip:b" ]
  is_whole trip:b
  other_done
  podman rmi -af >/dev/null
  usr-ct rmi trip:1
}

@test "roundtrip: by a registry, plain: podman, skopeo and buildah pull what we push, and the reverse" {
  start_registry
  for kind in gzip zstd none; do
    usr-ct push -q --compression "$kind" "$B" "$OWN/ours:$kind"
    podman pull -q --tls-verify=false "$OWN/ours:$kind" >/dev/null
    [ "sha256:$(podman image inspect -f '{{.Id}}' "$OWN/ours:$kind")" = "$ID" ]
    skopeo copy -q --insecure-policy --src-tls-verify=false "docker://$OWN/ours:$kind" "oci:sk:$kind"
    podman push -q --tls-verify=false "$OWN/ours:$kind" "$OWN/podman:$kind"
    podman rmi -f "$OWN/ours:$kind" >/dev/null
    other pull -q "$OWN/podman:$kind" >/dev/null
    is_whole "$OWN/podman:$kind"
    other_done
  done
  buildah pull -q --tls-verify=false "$OWN/ours:gzip" >/dev/null
  buildah push -q --tls-verify=false --format v2s2 "$OWN/ours:gzip" "docker://$OWN/buildah:v2s2"
  other pull -q "$OWN/buildah:v2s2" >/dev/null
  is_whole "$OWN/buildah:v2s2"
  other_done
  podman rmi -af >/dev/null
}

@test "roundtrip: by a registry with passwords: one login for all" {
  with_password
  export REGISTRY_AUTH_FILE=$PWD/auth.json
  usr-ct login -u me --password-stdin "$OWN" <<<"secret: word"
  usr-ct push -q "$B" "$OWN/ours"
  podman pull -q --tls-verify=false "$OWN/ours" >/dev/null
  usr-ct logout "$OWN"
  podman login --tls-verify=false -u me --password-stdin "$OWN" <<<"secret: word"
  podman push -q --tls-verify=false "$OWN/ours" "$OWN/theirs"
  other pull -q "$OWN/theirs" >/dev/null
  other_done
  podman logout "$OWN"
  run_ct -1 pull "$OWN/theirs"
  assert_error 1204
  podman rmi -af >/dev/null
}

@test "roundtrip: by a registry behind TLS, with the test's own authority" {
  with_tls
  mkdir certs
  cp ca.crt certs/
  usr-ct push -q --cert-dir certs "$B" "$OWN/ours"
  podman pull -q --cert-dir certs "$OWN/ours" >/dev/null
  podman push -q --cert-dir certs "$OWN/ours" "$OWN/theirs"
  run_ct -1 pull --tls-verify "$OWN/theirs"
  assert_error 1203
  other pull -q --cert-dir certs "$OWN/theirs" >/dev/null
  [ "$(other run --rm --network none "$OWN/theirs" echo runs)" = runs ]
  other_done
  podman rmi -af >/dev/null
}

@test "roundtrip: what buildah builds runs; what it says of it holds" {
  mkdir tree
  cp "$(command -v busybox)" tree/busybox
  box=$(buildah from scratch)
  buildah copy -q "$box" tree /bin >/dev/null
  buildah config --entrypoint '["/bin/busybox","echo"]' --cmd 'a word' --env GREETING=hi --user 7:8 \
    --workingdir /srv --label made=here --stop-signal SIGUSR1 --volume /data "$box"
  for format in oci docker; do
    buildah commit -q --format "$format" "$box" "docker-archive:$format.tar:built:$format" >/dev/null
    buildah commit -q --format "$format" "$box" "oci:built:$format" >/dev/null
    other load -q -i "$format.tar" >name
    [ "$(cat name)" = "built:$format" ]
    other pull -q "oci:built:$format" >/dev/null
    [ "$(other run --rm --network none "built:$format")" = "a word" ]
    said=$(other run --rm --network none --entrypoint /bin/busybox "built:$format" sh -c \
      'cd=$(pwd); b=/bin/busybox; $b id -u; $b id -g; echo "$cd"; echo "$GREETING"')
    [ "$(xargs <<<"$said")" = "7 8 /srv hi" ]
    [ "$(other image inspect -f '{{.Config.StopSignal}} {{.Config.Labels.made}}' "built:$format")" = "SIGUSR1 here" ]
    other_done
  done
  buildah rm "$box" >/dev/null
  podman rmi -af >/dev/null
}

@test "roundtrip: our store is a layout: umoci unpacks it, skopeo, podman and buildah copy from it" {
  layout=$XDG_DATA_HOME/usr-ct/oci
  L=$REGISTRY/layers
  usr-ct pull -q "$L" >/dev/null
  umoci unpack --rootless --image "$layout:$L:latest" bundle >/dev/null 2>&1
  [ -x bundle/rootfs/bin/busybox ]
  umoci stat --image "$layout:$L:latest" --json | jq -e '.history | length >= 7'
  skopeo copy -q --insecure-policy "oci:$layout:$L:latest" "oci:copy:x"
  [ "$(skopeo inspect --raw oci:copy:x | sha256sum)" = "$(skopeo inspect --raw --tls-verify=false "docker://$L" | sha256sum)" ]
  # They make a name of the path, and names are lower case.
  link=/tmp/uct-layout-$$
  ln -s "$layout" "$link"
  podman pull -q "oci:$link:$B:latest" >/dev/null
  buildah pull -q "oci:$link:$B:latest" >/dev/null
  rm "$link"
  podman rmi -af >/dev/null
  # What umoci changes comes back.
  umoci config --image copy:x --config.cmd echo --config.cmd changed
  other pull -q oci:copy:x >/dev/null
  [ "$(other run --rm --network none x)" = changed ]
  other_done
  chmod -R u+w bundle
}
