#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# archives - save, load and import, against the tools of others
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
  B=$REGISTRY/busybox
  L=$REGISTRY/layers
  usr-ct pull -q "$B" >/dev/null
}
teardown() {
  remove_all_and_check
}

# A fresh store for the other side.
other() {
  XDG_DATA_HOME=$FILE_DIR/other usr-ct "$@"
}

other_done() {
  other rmi -af >/dev/null
  unshare --map-auto --map-root-user rm -rf "$FILE_DIR/other"
}

runs() { # IMAGE
  [ "$(other run --rm --network none "$1" echo runs)" = runs ]
}

same_layers() { # IMAGE
  other run --rm -i --network none "$1" sh -s <"$IMAGES/listing" >got
  diff -u "$IMAGES/layers.expected" got
}

@test "save and load: through a pipe, several images, names and ids" {
  usr-ct tag "$B" one:1 two
  run_ct -0 save -o all.tar one:1 two "$L"
  [ -z "$output" ]
  [ "$(stat -c %a all.tar)" = 600 ]
  other load <all.tar >out
  grep -qx "Loaded image: one:1" out
  grep -qx "Loaded image: two:latest" out
  grep -qx "Loaded image: $L:latest" out
  [ "$(other image inspect -f '{{.Id}} {{.Digest}}' one:1)" = "$(usr-ct image inspect -f '{{.Id}} {{.Digest}}' "$B")" ]
  runs two
  same_layers "$L"
  other_done
  id=$(usr-ct images -q --no-trunc --filter "reference=$B")
  usr-ct save "$id" | other load >out
  assert_has "$(cat out)" "Loaded image ID: $id"
  runs "$id"
  other_done
}

@test "save: the same images give the same bytes, and shared layers stand in it once" {
  usr-ct save "$B" "$L" >a.tar
  usr-ct save "$B" "$L" >b.tar
  cmp a.tar b.tar
  [ "$(tar -tf a.tar | sort | uniq -d | wc -l)" = 0 ]
  tar -tvf a.tar | grep -q '^-rw-r--r-- 0/0 .* 1970-01-01'
}

@test "save: what is not here is said before anything is written" {
  run_ct -1 save -o out.tar "$B" nothere
  assert_error 1202
  [ ! -e out.tar ]
  [ -z "$(find . -name 'out*')" ]
}

@test "load: compressed with gzip, zstd, xz and bzip2" {
  needs_tools xz bzip2
  usr-ct save "$B" >b.tar
  for tool in gzip zstd xz bzip2; do
    "$tool" -c <b.tar >"b.$tool"
    other load -q -i "b.$tool"
    runs "$B"
    other_done
  done
}

@test "oci: archive and directory, with skopeo in both directions" {
  needs_tools skopeo
  usr-ct save --format oci-archive -o o.tar "$L"
  usr-ct save --format oci-dir -o odir "$L"
  [ "$(skopeo inspect --raw oci-archive:o.tar | sha256sum)" = "$(skopeo inspect --raw --tls-verify=false "docker://$L" | sha256sum)" ]
  skopeo copy -q --insecure-policy "oci:odir:$L:latest" oci-archive:back.tar:again:1
  other load -q -i back.tar >out
  same_layers "$(cat out)"
  other_done
  other load -q -i odir >out
  [ "$(cat out)" = "$L:latest" ]
  same_layers "$L"
  other_done
}

@test "docker archives: ours are read by skopeo" {
  needs_tools skopeo
  usr-ct save -o d.tar "$L"
  skopeo inspect --insecure-policy docker-archive:d.tar | jq -e '.Layers | length == 7'
  skopeo copy -q --insecure-policy docker-archive:d.tar "oci:sk:x"
  other pull -q oci:sk:x >/dev/null
  same_layers x
  other_done
}

@test "docker archives: skopeo's are read, gzipped or not" {
  needs_tools skopeo
  skopeo copy -q --insecure-policy "oci:$IMAGES/oci:layers" docker-archive:s.tar:from/skopeo:1
  other load -q -i s.tar >out
  [ "$(cat out)" = from/skopeo:1 ]
  same_layers from/skopeo:1
  other_done
  gzip s.tar
  other load -q <s.tar.gz >out
  same_layers from/skopeo:1
  other_done
}

@test "docker archives: as docker wrote them before 25, with links for layers that come twice" {
  needs_tools skopeo
  skopeo copy -q --insecure-policy "oci:$IMAGES/oci:layers" docker-archive:s.tar:old:1
  mkdir s old
  tar -xf s.tar -C s
  i=0
  layers=()
  for layer in $(jq -r '.[0].Layers[]' s/manifest.json); do
    id=$(printf '%064d' $i)
    mkdir "old/$id"
    printf 1.0 >"old/$id/VERSION"
    printf '{"id":"%s"}' "$id" >"old/$id/json"
    if [[ -n ${seen[i]:-} ]]; then :; fi
    cp -L "s/$layer" "old/$id/layer.tar"
    layers+=("$id/layer.tar")
    i=$((i + 1))
  done
  first=$(printf '%064d' 0)
  mkdir "old/copy"
  mv "old/$first/layer.tar" old/copy/layer.tar
  ln -s ../copy/layer.tar "old/$first/layer.tar"
  config=$(jq -r '.[0].Config' s/manifest.json)
  cp "s/$config" "old/$config"
  jq -n --arg c "$config" '[{Config: $c, RepoTags: ["old:1"], Layers: $ARGS.positional}]' --args "${layers[@]}" >old/manifest.json
  echo '{"old":{"1":"x"}}' >old/repositories
  tar -cf old.tar -C old .
  other load -q -i old.tar >out
  [ "$(cat out)" = old:1 ]
  same_layers old:1
  other_done
}

# Without manifest.json: what docker before 1.10 wrote and read.
before_110() { # ARCHIVE
  mkdir old
  tar -xf "$1" -C old
  rm old/*.json
  tar -cf before-110.tar -C old .
}

@test "docker archives: the old form, which others read, and dockers before 1.10" {
  usr-ct tag "$L" old/layers:1 old/layers:2
  run_ct -0 save --format docker-archive-old -o old.tar "$B" old/layers:1 old/layers:2
  tar -tf old.tar | grep -Eq '^[0-9a-f]{64}/layer\.tar$'
  [ "$(tar -tf old.tar | sort | uniq -d | wc -l)" = 0 ]
  run ! grep -q blobs/ <(tar -tf old.tar)
  # Plain tars, and a chain of parents down from what the name means.
  mkdir x
  tar -xf old.tar -C x
  id=$(jq -r '."old/layers"."1"' x/repositories)
  top=$id
  [ "sha256:$id" = "$(inspect_field "$L" .Id)" ]
  n=0
  while [ "$id" != null ]; do
    sha=$(sha256sum <"x/$id/layer.tar")
    grep -q "sha256:${sha%% *}" "x/$top.json" # as the configuration says
    [ "$(cat "x/$id/VERSION")" = 1.0 ]
    [ "$(jq -r .id "x/$id/json")" = "$id" ]
    id=$(jq -r .parent "x/$id/json")
    n=$((n + 1))
  done
  [ "$n" = 7 ]
  skopeo copy -q --insecure-policy docker-archive:old.tar:old/layers:2 "oci:sk:x"
  other pull -q oci:sk:x >/dev/null
  same_layers x
  other_done
  other load -q -i old.tar >out
  [ "$(sort out | xargs)" = "$(printf '%s\n' "$B:latest" old/layers:1 old/layers:2 | sort | xargs)" ]
  [ "$(other image inspect -f '{{.Id}}' old/layers:2)" = "$(inspect_field "$L" .Id)" ]
  same_layers old/layers:1
  other_done
  before_110 old.tar
  other load -q -i before-110.tar >out
  [ "$(sort out | xargs)" = "$(printf '%s\n' "$B:latest" old/layers:1 old/layers:2 | sort | xargs)" ]
  same_layers old/layers:2
  runs "$B"
  [ "$(other image inspect -f '{{json .Config.Cmd}} {{.Architecture}}' "$B")" = "$(usr-ct image inspect -f '{{json .Config.Cmd}} {{.Architecture}}' "$B")" ]
  [ "$(other history -q old/layers:2 | wc -l)" = 7 ]
  other_done
  cmp old.tar <(usr-ct save --format docker-archive-old "$B" old/layers:1 old/layers:2)
  usr-ct rmi old/layers:1 old/layers:2
}

@test "docker archives: before 1.10, with compressed layers, or damaged" {
  usr-ct save --format docker-archive-old -o old.tar "$B"
  before_110 old.tar
  gzip -n old/*/layer.tar
  for f in old/*/layer.tar.gz; do mv "$f" "${f%.gz}"; done
  tar -cf packed.tar -C old .
  other load -q -i packed.tar >out
  runs "$B"
  other_done
  # A layer that is its own parent, one that is not there, names that are none.
  id=$(jq -r '.[] | .[]' old/repositories)
  cp "old/$id/json" json
  for change in '.parent = .id' '.parent = "nothere"' '.parent = "../../etc"' '.parent = ("a" * 5000)'; do
    jq -c "$change" json >"old/$id/json"
    tar -cf bad.tar -C old .
    XDG_DATA_HOME=$FILE_DIR/other run_ct -1 load -i bad.tar
    assert_error 1213
  done
  cp json "old/$id/json"
  for text in '[]' '{"a":{"b":7}}' '{"a":"b"}' '{"a":{"b":"../x"}}' nonsense; do
    echo "$text" >old/repositories
    tar -cf bad.tar -C old .
    XDG_DATA_HOME=$FILE_DIR/other run_ct -1 load -i bad.tar
    assert_error 1213
  done
  unshare --map-auto --map-root-user rm -rf "$FILE_DIR/other"
}

@test "load: what is no image says so and leaves nothing" {
  run_ct -1 load -i /dev/null
  assert_error 1213
  head -c 100000 /dev/urandom >noise
  run_ct -1 load -i noise
  assert_error 1213
  mkdir empty
  tar -cf t.tar empty
  run_ct -1 load -i t.tar
  assert_error 1213
  run_ct -1 load -i empty
  assert_error 1213
  usr-ct save "$B" >b.tar
  head -c $(($(stat -c %s b.tar) / 2)) b.tar >cut.tar
  run_ct -1 load -i cut.tar
  assert_error 1213
  run_ct -1 load -i nosuchfile
}

@test "load: a changed layer is found, links and names that lead out are refused" {
  usr-ct save --format oci-archive "$B" >b.tar
  mkdir x
  tar -xf b.tar -C x
  big=$(find x/blobs -type f -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2)
  printf X | dd of="$big" bs=1 seek=100 conv=notrunc status=none
  tar -cf bad.tar -C x .
  XDG_DATA_HOME=$FILE_DIR/other run_ct -1 load -i bad.tar
  assert_error 1213 "has no blob"
  XDG_DATA_HOME=$FILE_DIR/other run_ct -1 load -i x
  assert_error 1206
  python3 - <<'PY'
import io, tarfile
def make(name, f):
    with tarfile.open(name, "w") as t:
        f(t)
def link(t):
    i = tarfile.TarInfo("a/layer.tar"); i.type = tarfile.SYMTYPE; i.linkname = "../../../etc/passwd"; t.addfile(i)
def out(t):
    i = tarfile.TarInfo("../../x"); i.size = 1; t.addfile(i, io.BytesIO(b"x"))
def loop(t):
    for a, b in (("a", "b"), ("b", "a")):
        i = tarfile.TarInfo(a); i.type = tarfile.SYMTYPE; i.linkname = b; t.addfile(i)
    m = b'[{"Config":"a","RepoTags":null,"Layers":["b"]}]'
    i = tarfile.TarInfo("manifest.json"); i.size = len(m); t.addfile(i, io.BytesIO(m))
make("link.tar", link); make("out.tar", out); make("loop.tar", loop)
PY
  for bad in link out loop; do
    XDG_DATA_HOME=$FILE_DIR/other run_ct -1 load -i "$bad.tar"
    assert_error 1213
  done
  unshare --map-auto --map-root-user rm -rf "$FILE_DIR/other"
}

@test "import: what export wrote, with changes; compressed; from a pipe" {
  needs_tools xz bzip2
  usr-ct create --name made --network none "$L" true
  usr-ct export made >root.tar
  run_ct -0 import -c 'CMD ["echo", "imported"]' -c 'ENV A=b' -m "a remark" root.tar flat:1
  id=$output
  [ "$(inspect_field flat:1 .Id)" = "$id" ]
  run_ct -0 run --rm --network none flat:1
  assert_output imported
  usr-ct history --format '{{.Comment}}' flat:1 | grep -qx "a remark"
  [ "$(inspect_field flat:1 '.Config.Env[0]')" = A=b ]
  for tool in gzip zstd xz bzip2; do
    "$tool" -c <root.tar | usr-ct import - "flat:$tool" >/dev/null
    run_ct -0 run --rm --network none "flat:$tool" echo runs
    assert_output runs
  done
  # It can be passed on like any other.
  usr-ct save flat:xz | other load -q
  runs flat:xz
  other_done
  usr-ct rm made
  usr-ct rmi flat:1 flat:gzip flat:zstd flat:xz flat:bzip2
  run_ct -1 import -c 'NOSUCH x' root.tar
  run_ct -1 import /dev/null
  assert_error 1213
}

@test "import: from an address" {
  usr-ct create --name made --network none "$B" true
  mkdir web
  usr-ct export made >web/root.tar
  usr-ct rm made
  (cd web && exec python3 -u -m http.server --bind 127.0.0.1 0) >web.log 2>&1 3>&- &
  pid=$!
  wait_until file_has web.log "port"
  port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' web.log | head -1)
  run_ct -0 import "http://127.0.0.1:$port/root.tar" web:1
  run_ct -1 import "http://127.0.0.1:$port/nothere.tar" web:2
  kill "$pid"
  assert_error 1205
  run_ct -0 run --rm --network none web:1 echo runs
  assert_output runs
  usr-ct rmi web:1
}

@test "run --rootfs: from a directory and from an archive, which stay as they are" {
  usr-ct create --name made --network none "$B" true
  usr-ct export made >root.tar
  usr-ct rm made
  mkdir root
  tar -xf root.tar -C root --exclude=dev/* 2>/dev/null || true
  for from in root.tar root; do
    run_ct -0 run --rm --network none --rootfs "$from" sh -c 'echo new >/new; cat /new'
    assert_output new
    [ ! -e root/new ]
  done
  run_ct -0 run --rm --network none --rootfs "$PWD/root" /bin/busybox stat -c %u /bin
  assert_output 0
  usr-ct ps -aq
  wait_until no_unnamed_images
  run_ct -125 run --rm --rootfs nothere true
}

no_unnamed_images() {
  usr-ct rm -f no-such-container >/dev/null 2>&1
  [[ -z $(usr-ct images -q --filter dangling=true) ]]
}

# Layers that other tools write often leave out entries for directories that lower layers have.
@test "layers: a directory without an entry stays as it is below, and a link there is followed" {
  python3 "$BATS_TEST_DIRNAME/../fixtures/implied-image.py" implied.tar
  for driver in "${USRCT_STORAGE_DRIVER:-auto}" plain; do
    USRCT_STORAGE_DRIVER=$driver usr-ct load -q -i implied.tar
    is_as_implied implied:1
    [[ -z $(find "$XDG_DATA_HOME/usr-ct/layers" -name implied) ]] || fail "a list was left"
    usr-ct rmi implied:1
  done
}
