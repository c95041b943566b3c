#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# compat-images - what scripts for docker and podman do with images, and expect of it
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox layers
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
  BUSYBOX=$REGISTRY/busybox LAYERS=$REGISTRY/layers
}
teardown() {
  local name
  usr-ct images --format '{{.Repository}}:{{.Tag}}' | while read -r name; do
    [[ $name == "$BUSYBOX:latest" || $name == "$LAYERS:latest" ]] || usr-ct rmi -f "$name" >/dev/null 2>&1
  done
  usr-ct ps -aq | xargs -r usr-ct rm -f >/dev/null
  usr-ct image prune -f >/dev/null
  assert_nothing_left
}

# The commit of a container that wrote one file.
commit_one() { # NAME [OPTION...]
  usr-ct create --name made "$BUSYBOX" true >/dev/null
  usr-ct commit -q "${@:2}" made "$1"
  usr-ct rm made >/dev/null
}

@test "compat: .ID is the id in templates of inspect, for containers and images" {
  id=$(usr-ct image inspect -f '{{.Id}}' "$BUSYBOX")
  run_ct -0 inspect -f '{{.ID}}' "$BUSYBOX"
  assert_output "$id"
  run_ct -0 image inspect --format '{{.ID}}:{{len .ID}}' "$BUSYBOX"
  assert_output "$id:71"
  cid=$(usr-ct create --name box "$BUSYBOX" true)
  run_ct -0 container inspect -f '{{.ID}}' box
  assert_output "$cid"
}

@test "compat: tag needs a new name, and 'sha256' is none" {
  run_ct -125 tag "$BUSYBOX"
  assert_error 1101 "needs a NAME"
  for name in sha256:sometag sha256 docker.io/library/sha256:x; do
    run_ct -1 tag "$BUSYBOX" "$name"
    assert_error 1201 "reads like"
  done
  usr-ct create --name box "$BUSYBOX" true >/dev/null
  run_ct -1 commit box sha256:x
  assert_error 1201
  # Elsewhere nobody mistakes it for an id.
  run_ct -0 tag "$BUSYBOX" example.test/sha256:x
}

@test "compat: official names are one name" {
  for name in docker.io/odd index.docker.io/odd library/odd index.docker.io/library/odd; do
    run_ct -0 tag "$BUSYBOX" "$name:1"
  done
  run_ct -0 images --format '{{.Repository}}:{{.Tag}}' '*odd*'
  assert_output odd:1
}

@test "compat: a remark of commit and import is the image's, and in its history" {
  commit_one noted:1 -m "a remark"
  run_ct -0 image inspect -f '{{.Comment}}' noted:1
  assert_output "a remark"
  run_ct -0 history --format '{{.Comment}}' noted:1
  [ "${lines[0]}" = "a remark" ]
  usr-ct create --name box "$BUSYBOX" true >/dev/null
  usr-ct export box | usr-ct import -m imported - noted:2 >/dev/null
  run_ct -0 image inspect -f '{{.Comment}}' noted:2
  assert_output imported
}

@test "compat: times of history are whole seconds, in the user's zone" {
  run_ct -0 history --human=false "$BUSYBOX"
  [[ ${lines[1]} =~ \ [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\  ]] || { show; false; }
  # The same moment, three hours and a half further west.
  run_ct -0 history --format '{{.CreatedAt}}' "$BUSYBOX"
  utc=${lines[0]}
  TZ=ZONE+03:30 run_ct -0 history --format '{{.CreatedAt}}' "$BUSYBOX"
  [[ ${lines[0]} == *-03:30 ]] || { show; false; }
  [ "$(date -d "${lines[0]}" +%s)" = "$(date -d "$utc" +%s)" ]
}

@test "compat: a platform that is none is said to be, whatever the image is for" {
  for platform in bogus linux/ /amd64 linux/amd64/v1/x; do
    run_ct -1 pull -q --platform "$platform" "$BUSYBOX"
    assert_error 1102 "invalid platform"
  done
  for platform in linux amd64 x86_64 linux/amd64; do
    [[ $(uname -m) == x86_64 ]] || break
    run_ct -0 pull -q --platform "$platform" "$BUSYBOX"
  done
}

@test "compat: images takes an id, or its beginning, where no name is meant" {
  id=$(usr-ct image inspect -f '{{.Id}}' "$LAYERS")
  for ref in "$id" "${id#sha256:}" "${id:7:12}"; do
    run_ct -0 images -q --no-trunc "$ref"
    assert_output "$id"
  done
  run_ct -0 images -q "sha256:${id:7:3}ffffffffff"
  assert_output ""
  # A name goes first, even one that could be the beginning of an id.
  usr-ct tag "$BUSYBOX" "${id:7:4}:x"
  run_ct -0 images --format '{{.Repository}}:{{.Tag}}' "${id:7:4}"
  assert_output "${id:7:4}:x"
}

@test "compat: images --sort repository and tag order the lines, not the images" {
  usr-ct tag "$BUSYBOX" zzz.test/z:1
  usr-ct tag "$LAYERS" mmm.test/m:3
  usr-ct tag "$BUSYBOX" mmm.test/m:2
  usr-ct tag "$LAYERS" aaa.test/a:9
  run_ct -0 images --sort repository --format '{{.Repository}}:{{.Tag}}' '*.test/*'
  assert_output "$(printf '%s\n' aaa.test/a:9 mmm.test/m:2 mmm.test/m:3 zzz.test/z:1)"
  run_ct -0 images --sort tag --format '{{.Tag}}' '*.test/*'
  assert_output "$(printf '%s\n' 1 2 3 9)"
}

@test "compat: images: labels, and Docker's raw form" {
  commit_one labelled:1 -c 'LABEL color=blue shape="a b"'
  run_ct -0 images --format '{{.Labels.color}}|{{index .Labels "shape"}}|{{json .Labels}}' labelled
  assert_output 'blue|a b|{"color":"blue","shape":"a b"}'
  id=$(usr-ct images -q labelled)
  run_ct -0 images --format raw labelled
  [[ $output == $'repository: labelled\ntag: 1\nimage_id: '"$id"$'\ncreated_at: 20'*$'\nvirtual_size: '* ]] || { show; false; }
  run_ct -0 images --format raw --digests labelled
  assert_has "$output" $'\ndigest: sha256:'
}

@test "compat: system df: raw, names and tags apart, a template for all" {
  run_ct -0 system df --format raw
  assert_has "$output" $'type: Images\ntotal: 2\nactive: 0\nsize: '
  run_ct -0 system df -v
  assert_has "${lines[1]}" "REPOSITORY"
  assert_has "${lines[1]}" "TAG"
  [[ $output =~ $BUSYBOX\ +latest\ +[0-9a-f]{12}\  ]] || { show; false; }
  run_ct -0 system df -v --format '{{json .}}'
  [ "$(jq -c '[(.Images | length), (.Containers | length), (.Volumes | length), (.BuildCache | length)]' <<<"$output")" = "[2,0,0,0]" ]
  run_ct -0 system df -v --format '{{range .Images}}{{.Containers}} {{end}}'
  assert_output "0 0 "
}

@test "compat: push writes archives and directories, pull takes them in, and skopeo's" {
  id=$(usr-ct image inspect -f '{{.Id}}' "$BUSYBOX")
  digest=$(usr-ct image inspect -f '{{.Digest}}' "$BUSYBOX")
  run_ct -0 push "$BUSYBOX" docker-archive:docker.tar
  run_ct -0 push "$BUSYBOX" "oci-archive:oci.tar:$BUSYBOX:latest"
  run_ct -0 push --digestfile digest "$BUSYBOX" dir:flat
  [ "$(cat digest)" = "$digest" ]
  run_ct -0 push "$BUSYBOX" oci:layout
  for source in docker-archive:docker.tar oci-archive:oci.tar dir:flat oci:layout; do
    [ "$(skopeo inspect --config --raw "$source" | sha256sum)" = "${id#sha256:}  -" ]
    run_ct -0 pull -q "$source"
    assert_output "$id"
  done
  # What podman writes with skopeo's help, an index among it.
  skopeo copy -q --insecure-policy dir:flat dir:copy
  XDG_DATA_HOME=$FILE_DIR/fresh run_ct -0 pull -q dir:copy
  assert_output "$id"
  XDG_DATA_HOME=$FILE_DIR/fresh run_ct -0 run --rm --network none "$id" cat /etc/hostname
  usr-ct save --format docker-dir -o saved "$BUSYBOX"
  XDG_DATA_HOME=$FILE_DIR/fresh usr-ct rmi -f "$id"
  XDG_DATA_HOME=$FILE_DIR/fresh run_ct -0 load -i saved
  assert_output "Loaded image ID: $id"
  rm -rf "$FILE_DIR/fresh" 2>/dev/null || unshare --map-auto --map-root-user rm -rf "$FILE_DIR/fresh"
}

@test "compat: one of several images in an archive, by its name and by its number, as skopeo has it" {
  local b l place
  b=$(usr-ct image inspect -f '{{.Id}}' "$BUSYBOX")
  l=$(usr-ct image inspect -f '{{.Id}}' "$LAYERS")
  usr-ct tag "$BUSYBOX" several:b more/several:c
  usr-ct tag "$LAYERS" several
  fresh() { XDG_DATA_HOME=$FILE_DIR/fresh usr-ct "$@"; }
  for format in docker-archive docker-archive-old oci-archive; do
    usr-ct save --format "$format" -o all.tar several:b more/several:c several
    place=${format%-old}:all.tar
    while read -r name id names; do
      fresh pull -q "$place:$name" >got
      grep -qx "$id" got || { cat got; fail "$place:$name"; }
      [ "$(fresh images --format '{{.Repository}}:{{.Tag}}' | sort | xargs)" = "$names" ]
      fresh rmi -af >/dev/null
    done <<TEXT
several $l several:latest
several:b $b several:b
docker.io/more/several:c $b more/several:c
TEXT
    # In a layout each name stands for itself.
    if [[ $format == docker-archive-old ]]; then
      fresh pull -q "$place:@0" >/dev/null
      [ "$(fresh images --format '{{.Repository}}:{{.Tag}}' | sort | xargs)" = "more/several:c several:b" ]
      [ "$(skopeo inspect --config --raw "$place:@1" | sha256sum)" = "${l#sha256:}  -" ]
      fresh pull -q "$place:@1" >got
      grep -qx "$l" got
    fi
    for name in nothere several:x @7; do
      XDG_DATA_HOME=$FILE_DIR/fresh run_ct -1 pull -q "$place:$name"
      assert_error 1202 "$name"
    done
    XDG_DATA_HOME=$FILE_DIR/fresh run_ct -1 pull -q "$place:@x"
    assert_error 1201
    fresh rmi -af >/dev/null
  done
  # And the other way, under a name that is given.
  usr-ct push "$BUSYBOX" docker-archive:one.tar:given/name
  skopeo inspect --config --raw docker-archive:one.tar:given/name:latest | sha256sum | grep -q "^${b#sha256:}"
  fresh pull -q docker-archive:one.tar >/dev/null
  [ "$(fresh images --format '{{.Repository}}:{{.Tag}}')" = given/name:latest ]
  fresh rmi -af >/dev/null
  for place in oci-archive:one.oci oci:one; do
    usr-ct push "$BUSYBOX" "$place:word"
    [ "$(skopeo inspect --config --raw "$place:word" | sha256sum)" = "${b#sha256:}  -" ]
  done
  fresh pull -q oci-archive:one.oci:word | grep -qx "$b"
  run_ct -0 pull -q oci:one:word
  assert_output "$b"
  unshare --map-auto --map-root-user rm -rf "$FILE_DIR/fresh"
}

@test "compat: a directory as skopeo's with an index chooses the platform" {
  layout=$IMAGES/oci
  skopeo copy -q --insecure-policy "oci:$layout:busybox" dir:one
  manifest=$(sha256sum <one/manifest.json | cut -d' ' -f1)
  mv one/manifest.json "one/$manifest.manifest.json"
  jq -n --arg d "sha256:$manifest" --argjson n "$(stat -c %s "one/$manifest.manifest.json")" \
    --arg t "$(jq -r '.mediaType // "application/vnd.oci.image.manifest.v1+json"' "one/$manifest.manifest.json")" \
    '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: [
      {mediaType: $t, digest: ("sha256:" + "0" * 64), size: 9, platform: {os: "linux", architecture: "s390x"}},
      {mediaType: $t, digest: $d, size: $n, platform: {os: "linux", architecture: "mips64le"}}]}' >one/manifest.json
  run_ct -0 load -q --platform linux/mips64le -i one
  [[ $output == sha256:* ]] || { show; false; }
  run_ct -1 load -q --platform linux/s390x -i one
  run_ct -1 load -q --platform linux/riscv64 -i one
  # Changed, without a blob, of another version, without anything.
  echo >>"one/$manifest.manifest.json"
  run_ct -1 load -q --platform linux/mips64le -i one
  assert_error 1206 "hashes to"
  skopeo copy -q --insecure-policy "oci:$layout:layers" dir:two
  rm "two/$(jq -r '.layers[2].digest' two/manifest.json | cut -d: -f2)"
  XDG_DATA_HOME=$FILE_DIR/fresh run_ct -1 load -i two
  assert_error 1213 "has no blob"
  echo "Directory Transport Version: 2.0" >two/version
  run_ct -1 load -i two
  assert_error 1213 "version"
  rm -f two/version
  run_ct -1 load -i two
  assert_error 1213
}

@test "compat: places that are none for us are refused, not looked for at Docker Hub" {
  for place in containers-storage:x docker-daemon:x:latest docker-archive: dir:; do
    run_ct -125 pull "$place"
    assert_error 1201
    run_ct -125 push "$BUSYBOX" "$place"
    assert_error 1201
  done
  run_ct -125 push --compression zstd "$BUSYBOX" dir:x
  assert_error 1101
  run_ct -1 push "$BUSYBOX" docker-archive:x.tar:Not/A-Name
  assert_error 1201
  [ ! -e x.tar ]
  run_ct -125 run --rm oci-archive:x.tar true
  assert_error 1201 "load takes archives"
}

@test "compat: load from an address" {
  local pid port
  mkdir web
  usr-ct tag "$BUSYBOX" fetched:1
  usr-ct save fetched:1 | gzip >web/image.tgz
  usr-ct rmi fetched:1
  (cd web && exec python3 -u -m http.server --bind 127.0.0.1 0) >web.log 2>&1 3>&- &
  pid=$!
  wait_until file_has web.log "port"
  port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' web.log | head -1)
  run_ct -0 load -i "http://127.0.0.1:$port/image.tgz"
  assert_output "Loaded image: fetched:1"
  run_ct -1 load -i "http://127.0.0.1:$port/nothere"
  kill "$pid"
  assert_error 1205
}

@test "diff IMAGE: what its topmost layer changed, and how two differ" {
  usr-ct run --name job --network none "$REGISTRY/busybox" sh -c \
    'mkdir -p /new/dir; echo x >/new/dir/file; rm /etc/passwd; chmod 700 /tmp; ln -s a /new/link'
  usr-ct commit -q job changed
  run_ct -0 diff job
  local changes=$output
  assert_has "$changes" "A /new/dir/file"
  local how
  for how in diff "image diff" "container diff"; do
    # shellcheck disable=SC2086 # one word or two
    run_ct -0 $how changed
    assert_output "$changes"
  done
  run_ct -0 image diff changed "$REGISTRY/busybox"
  assert_output "$changes"
  run_ct -0 diff "$REGISTRY/busybox" changed
  [ "$(xargs <<<"$output")" = "C /etc A /etc/passwd D /new C /tmp" ]
  run_ct -0 diff --format json changed
  jq -e '.deleted == ["/etc/passwd"] and (.added | length == 4)' <<<"$output"
  run_ct -0 diff changed changed
  assert_output ""
  run_ct -1 diff no-such
  assert_error 1401 "no container or image 'no-such'"
  run_ct -1 image diff job
  assert_error 1202
  run_ct -1 diff job changed
  assert_error 1202 "no image 'job'"
  # A container comes before an image of its name.
  usr-ct tag changed job
  usr-ct run --rm --network none changed true
  usr-ct rm job
  usr-ct create --name job --network none changed true
  run_ct -0 diff job
  assert_output ""
  run_ct -0 image diff job
  assert_output "$changes"
}

@test "image diff: files of the same size and time, a directory that became a file" {
  mkdir a b
  echo 1234 >a/same && echo 4321 >b/same
  mkdir a/kind && touch a/kind/inside && touch b/kind
  touch a/bare b/bare
  find a b -exec touch -h -d @1000000000 {} +
  tar -C a -cf - . | usr-ct import -q - one >/dev/null
  tar -C b -cf - . | usr-ct import -q - two >/dev/null
  # The lowest layer has added all that it has.
  run_ct -0 diff one
  assert_output $'A /bare\nA /kind\nA /kind/inside\nA /same'
  run_ct -0 image diff two one
  # The plain driver knows no more than docker does.
  if [[ $(usr-ct info -f '{{.StorageDriver}}') == objects ]]; then
    assert_output $'C /kind\nC /same'
  else
    assert_output 'C /kind'
  fi
  run_ct -0 image diff one two
  assert_has "$output" $'C /kind\nA /kind/inside'
}
