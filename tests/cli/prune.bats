#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# prune - removing what nothing uses, and how much space that gives
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox
  export IMG=$REGISTRY/busybox
}
teardown_file() {
  teardown_store
}
teardown() {
  remove_all_and_check
  usr-ct images -q | sort -u | xargs -r usr-ct rmi -f >/dev/null
}

setup() {
  cd "$BATS_TEST_TMPDIR"
  usr-ct pull "$IMG" >/dev/null
}

du_store() {
  du -s --block-size=1 "$XDG_DATA_HOME/usr-ct" 2>/dev/null | cut -f1
}

@test "container prune: what does not run, with a question" {
  usr-ct run --name ended --network none "$IMG" sh -c 'head -c 3000000 /dev/zero >/f'
  usr-ct create --name made "$IMG" true >/dev/null
  usr-ct run -d --name up --network none "$IMG" sleep 1000 >/dev/null
  id=$(usr-ct inspect -f '{{.Id}}' ended)
  run_ct -1 container prune </dev/null
  assert_error 1110
  run --separate-stderr usr-ct container prune < <(echo n)
  [ "$status" = 0 ]
  [ "$(usr-ct ps -aq | wc -l)" = 3 ]
  run --separate-stderr usr-ct container prune < <(echo y)
  assert_status 0
  assert_has "$output" "Deleted Containers:"
  assert_has "$output" "$id"
  [[ $output =~ Total\ reclaimed\ space:\ 3[.0-9]*MB ]]
  [ "$(usr-ct ps -a --format '{{.Names}}')" = up ]
  run_ct -0 container prune -f
  assert_output "Total reclaimed space: 0B"
  usr-ct rm -f -t 0 up >/dev/null
}

@test "container prune: filters" {
  usr-ct create --name keep --label keep "$IMG" true >/dev/null
  usr-ct create --name drop "$IMG" true >/dev/null
  run_ct -0 container prune -f --filter until=1h
  [ "$(usr-ct ps -aq | wc -l)" = 2 ]
  run_ct -0 container prune --force --filter 'label!=keep'
  [ "$(usr-ct ps -a --format '{{.Names}}')" = keep ]
  run_ct -0 container prune -f --filter label=keep --filter until=0s
  [ -z "$(usr-ct ps -aq)" ]
}

@test "image prune: dangling ones, or all that no container uses" {
  usr-ct create --name user "$IMG" true >/dev/null
  run_ct -0 image prune -f
  assert_output "Total reclaimed space: 0B"
  run_ct -0 image prune -af
  [ -n "$(usr-ct images -q)" ]
  usr-ct rm user >/dev/null
  run_ct -0 image prune -a -f
  assert_has "$output" "Deleted Images:"
  assert_has "$output" "untagged: $IMG:latest"
  [ -z "$(usr-ct images -q)" ]
}

@test "image prune: an image that gets its first name meanwhile stays, or was gone before" {
  local id i kept=0 gone=0
  for i in {1..24}; do
    echo "$i" >file
    id=$(tar -c file | usr-ct import -q -)
    usr-ct image prune -f >pruned &
    # Now before and now after the step that decides.
    [[ $((i % 3)) == 0 ]] || usr-ct images >list
    if usr-ct tag "$id" "first:$i" 2>error; then
      wait $!
      [ "$(inspect_field "first:$i" .Id)" = "$id" ]
      kept=$((kept + 1))
    else
      grep -q UCT-1202 error
      wait $!
      grep -q "$id" pruned
      gone=$((gone + 1))
    fi
  done
  echo "$kept kept, $gone gone"
}

@test "image prune: a name that has moved to another image is not taken from that" {
  local a b
  echo a >file
  a=$(tar -c file | usr-ct import -q - moving:1)
  run_ct -0 image prune -af --filter reference=moving --filter until=1h
  [ "$(inspect_field moving:1 .Id)" = "$a" ]
  usr-ct tag moving:1 other:1
  # Only the names that fit go.
  run_ct -0 image prune -af --filter reference=moving
  assert_has "$output" "untagged: moving:1"
  run_ct -1 image exists moving:1
  [ "$(inspect_field other:1 .Id)" = "$a" ]
  echo b >file
  b=$(tar -c file | usr-ct import -q - other:1)
  run_ct -0 image prune -f
  assert_has "$output" "deleted: $a"
  assert_lacks "$output" "$b"
  [ "$(inspect_field other:1 .Id)" = "$b" ]
}

@test "system prune: containers, then images" {
  usr-ct create --name user "$IMG" true >/dev/null
  run_ct -0 system prune -f
  assert_has "$output" "Deleted Containers:"
  [ -n "$(usr-ct images -q)" ]
  run --separate-stderr usr-ct system prune -a --volumes < <(echo yes)
  assert_status 0
  assert_has "$output" "WARNING! This will remove:"
  [ -z "$(usr-ct images -q)" ]
}

@test "system df: agrees with du" {
  usr-ct run --name ended --network none "$IMG" sh -c 'head -c 100000000 /dev/zero >/f'
  run_ct -0 system df
  [[ ${lines[0]} =~ ^TYPE\ +TOTAL\ +ACTIVE\ +SIZE\ +RECLAIMABLE$ ]]
  [[ ${lines[1]} =~ ^Images\ +1\ +1\  ]]
  [[ ${lines[2]} =~ ^Containers\ +1\ +0\ .*100% ]]
  sum=$(usr-ct system df --format '{{.RawSize}}' | awk '{ sum += $1 } END { print sum }')
  rest=$(($(du_store) - sum))
  # One percent: the index, its lock, events and the directories themselves.
  [ "$rest" -ge 0 ] && [ $((rest * 100)) -le "$(du_store)" ] || fail "du: $(du_store), df: $sum"
  run_ct -0 system df -v
  assert_has "$output" "Containers space usage:"
  run_ct -0 system df --format json
  [ "$(head -1 <<<"$output" | jq -r .Type)" = Images ]
}
