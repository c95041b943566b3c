#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# image-names - tag, untag, rmi, history, image tree, image exists, and pulls that have nothing to do
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
  usr-ct pull -q "$REGISTRY/busybox" >/dev/null
  B=$REGISTRY/busybox
}
teardown() {
  remove_all_and_check
  usr-ct rmi -af >/dev/null
  is_bare "$XDG_DATA_HOME/usr-ct/layers" || fail "layers left"
}

@test "tag: another name, which moves; familiar forms are shown" {
  usr-ct tag "$B" mine
  usr-ct tag "$B" docker.io/library/mine:2 registry.example:5000/a/b
  run_ct -0 images --format '{{.Repository}}:{{.Tag}}'
  assert_has "$output" "mine:latest"
  assert_has "$output" "mine:2"
  assert_has "$output" "registry.example:5000/a/b:latest"
  usr-ct pull -q "$REGISTRY/entry" >/dev/null
  usr-ct tag "$REGISTRY/entry" mine
  [ "$(inspect_field mine .Id)" = "$(inspect_field "$REGISTRY/entry" .Id)" ]
  [ "$(inspect_field mine:2 .Id)" = "$(inspect_field "$B" .Id)" ]
}

@test "tag: what is not a name is refused" {
  run_ct -1 tag "$B" Upper
  assert_error 1201 "lower case"
  run_ct -1 tag "$B" 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  assert_error 1201
  run_ct -1 tag "$B" deadbeefcafe
  assert_error 1201 "id"
  run_ct -1 tag "$B" "mine@sha256:$(printf '%064d' 0)"
  assert_error 1201
  run_ct -1 tag nothere mine
  assert_error 1202
}

@test "--platform: of an image that is here it is only compared" {
  local arch cmd
  arch=$(inspect_field "$B" .Architecture)
  for cmd in "history" "image inspect"; do
    # shellcheck disable=SC2086
    run_ct -0 $cmd --platform "linux/$arch" "$B"
    # shellcheck disable=SC2086
    run_ct -1 $cmd --platform linux/s390x "$B"
    assert_error 1208 "is for linux/$arch, not for linux/s390x"
  done
  usr-ct tag "$B" other
  run_ct -1 rmi --platform linux/s390x other "$B"
  assert_error 1208
  run_ct -1 save --platform linux/s390x -o file.tar other
  assert_error 1208
  [ ! -e file.tar ]
  run_ct -1 push --platform linux/s390x other "$REGISTRY/other"
  assert_error 1208
  run_ct -0 rmi --platform "linux/$arch" other
  diff <(usr-ct images --tree) <(usr-ct image tree)
}

@test "untag: one, all; the image stays" {
  id=$(inspect_field "$B" .Id)
  usr-ct tag "$B" one two
  run_ct -0 untag one one
  run_ct -1 untag two one
  assert_error 1202
  run_ct -0 untag two
  run_ct -0 images -q --no-trunc
  assert_output "$id"
  run_ct -0 run --rm --network none "$id" echo runs
  assert_output runs
}

@test "rmi: by an id only with names of one repository, or with force" {
  id=$(usr-ct images -q)
  usr-ct tag "$B" "$B:2"
  usr-ct tag "$B" other
  run_ct -1 rmi "$id"
  assert_error 1212
  run_ct -0 rmi other
  assert_output "Untagged: other:latest"
  run_ct -0 rmi "$id"
  assert_has "$output" "Untagged: $B:2"
  assert_has "$output" "Untagged: $B@sha256:"
  assert_has "$output" "Deleted: sha256:$id"
  [ "$(grep -c ^Deleted <<<"$output")" = 4 ] # three layers
}

@test "rmi: by digest, --all, --ignore" {
  digest=$(usr-ct image inspect -f '{{index .RepoDigests 0}}' "$B")
  run_ct -0 rmi "$digest"
  assert_output "Untagged: $digest"
  [ "$(usr-ct images -q | wc -l)" = 1 ]
  run_ct -0 rmi --ignore nothere
  [ -z "$stderr" ]
  run_ct -1 rmi nothere
  assert_error 1202
  usr-ct pull -q "$REGISTRY/entry" >/dev/null
  run_ct -125 rmi --all "$B"
  run_ct -0 rmi --all
  run_ct -0 images -q
  assert_output ""
}

@test "pull by digest: found by it again, listed, not dangling, and gone with it" {
  digest=$(skopeo inspect --tls-verify=false "docker://$REGISTRY/entry" | jq -r .Digest)
  usr-ct pull -q "$REGISTRY/entry@$digest" >/dev/null
  run_ct -0 run --rm --pull never --network none --entrypoint echo "$REGISTRY/entry@$digest" runs
  assert_output runs
  run_ct -0 images --digests --filter "reference=$REGISTRY/entry" --format '{{.Repository}} {{.Tag}} {{.Digest}}'
  assert_output "$REGISTRY/entry <none> $digest"
  usr-ct image prune -f
  usr-ct image exists "$REGISTRY/entry@$digest"
  # A digest beside a tag counts, the tag does not.
  usr-ct image exists "$REGISTRY/entry:nosuchtag@$digest"
  run ! usr-ct image exists "$B:latest@$digest"
  run_ct -0 rmi "$REGISTRY/entry@$digest"
  run ! usr-ct image exists "$REGISTRY/entry@$digest"
}

@test "image exists: by the exit status alone" {
  run_ct -0 image exists "$B"
  assert_output ""
  run_ct -1 image exists nothere
  assert_output ""
  [ -z "$stderr" ]
}

@test "history: steps, sizes and forms" {
  run_ct -0 history "$B"
  assert_has "${lines[0]}" "CREATED BY"
  [ "$(usr-ct history -q "$B" | head -1)" = "$(usr-ct images -q)" ]
  # Sizes together are the image's.
  sum=$(usr-ct history --human=false --format '{{.Size}}' "$B" | awk '{ sum += $1 } END { print sum }')
  [ "$sum" = "$(inspect_field "$B" .Size)" ]
  usr-ct history --format json "$B" | head -1 | jq -e .CreatedBy
  usr-ct history --no-trunc -q "$B" | grep -q "^$(inspect_field "$B" .Id)$"
  run_ct -1 history nothere
  assert_error 1202
}

@test "image tree: shared layers are shown once" {
  usr-ct pull -q "$REGISTRY/layers" >/dev/null
  run_ct -0 image tree
  [ "$(grep -c '(2 images)' <<<"$output")" = 3 ]
  assert_has "$output" "$B:latest"
  assert_has "$output" "$REGISTRY/layers:latest"
  [ "${#lines[@]}" = "$(find "$XDG_DATA_HOME/usr-ct/layers" -mindepth 1 -maxdepth 1 | wc -l)" ]
  run_ct -0 image tree "$B"
  assert_has "${lines[0]}" "$(usr-ct images -q --filter "reference=$B")"
  [ "${#lines[@]}" = 7 ]
}

@test "pull of what is here: one request" {
  start_bad_registry count "$IMAGES/oci" busybox
  usr-ct pull -q "$BAD_REGISTRY/x:busybox" >/dev/null
  : >"$BATS_TEST_TMPDIR/registry.answer.log"
  usr-ct pull -q "$BAD_REGISTRY/x:busybox" >/dev/null
  stop_bad_registry
  [ "$(wc -l <"$BATS_TEST_TMPDIR/registry.answer.log")" = 1 ]
}

@test "two pulls of one layer: one downloads, the other waits" {
  start_bad_registry count "$IMAGES/oci" layers
  usr-ct rmi -af >/dev/null
  for i in 1 2 3; do
    usr-ct pull -q "$BAD_REGISTRY/n$i:layers" >"log$i" 2>&1 3>&- &
    pids[i]=$!
  done
  for i in 1 2 3; do
    wait "${pids[i]}" || fail "$(cat "log$i")"
  done
  stop_bad_registry
  # Each layer once; manifests and configurations more often.
  sort "$BATS_TEST_TMPDIR/registry.answer.log" | grep layer | sed 's/.*layer //' | uniq -c >got
  [ "$(awk '$1 > 1' got | wc -l)" = 0 ] || fail "$(cat got)"
  [ "$(usr-ct images -q | sort -u | wc -l)" = 1 ]
}
