#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# names - what stands for which image: Docker Hub's search, and short names as they are configured
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
  CONFIG=$XDG_CONFIG_HOME/usr-ct/registries.json
  mkdir -p "${CONFIG%/*}"
  PID=
}
teardown() {
  [[ -z $PID ]] || kill "$PID"
  rm -f "$CONFIG"
  remove_all_and_check
}

start_hub() {
  "$BATS_TEST_DIRNAME/../fixtures/fake-hub.py" hub >hub.out 2>&1 3>&- &
  PID=$!
  wait_until test -s hub
  echo '{"registries":{"docker.io":{"search":"'"$(cat hub)"'"}}}' >"$CONFIG"
}

@test "search TERM: Docker Hub's hits, as docker prints them" {
  start_hub
  run_ct -0 search alpine
  [ "${#lines[@]}" = 4 ]
  [[ ${lines[0]} =~ ^NAME\ +DESCRIPTION\ +STARS\ +OFFICIAL$ ]]
  [[ ${lines[1]} =~ ^alpine\ +The\ very\ .*…\ +1234\ +\[OK\]$ ]]
  [[ ${lines[2]} =~ ^team/alpine\ +Übung\ +12 ]]
  run_ct -0 search --no-trunc --format '{{.Name}}: {{.Description}}' alpine
  assert_has "${lines[0]}" "very first"
  run_ct -0 search --filter stars=12 --format '{{.Name}} {{.StarCount}} {{.IsAutomated}}' alpine
  assert_output "$(printf 'alpine 1234 \nteam/alpine 12 [OK]')"
  run_ct -0 search --filter is-official=false --format '{{.Name}}' alpine
  assert_output "$(printf 'team/alpine\nother/alpine')"
  run_ct -0 search --format json alpine
  jq -es '.[0].Name == "alpine" and .[0].StarCount == 1234' <<<"$output"
  # A name with a slash but without a host is a term as well, and is sent as one.
  run_ct -0 search -n --format '{{.Name}}' 'a b/c&d'
  [ "${lines[0]}" = 'a b/c&d' ]
  grep -qF '/v1/search?q=a%20b%2Fc%26d&' hub.log
  run ! grep -v ' -$' hub.log
}

@test "search TERM: page by page, up to the limit" {
  start_hub
  [ "$(usr-ct search -n --format '{{.Name}}' many | wc -l)" = 25 ]
  [ "$(usr-ct search -n --format '{{.Name}}' --limit 3 many | wc -l)" = 3 ]
  [ "$(usr-ct search -n --format '{{.Name}}' many 150 | tail -1)" = many/149 ]
  [ "$(usr-ct search -n --format '{{.Name}}' --limit 1000 many | sort -u | wc -l)" = 230 ]
  grep -q 'n=100&page=3' hub.log
  run ! grep -q 'page=4' hub.log
}

@test "search TERM: answers that are none are said to be" {
  start_hub
  run_ct -0 search -n empty
  assert_output ""
  run_ct -1 search html
  assert_error 1205 "list"
  run_ct -1 search gone
  assert_error 1202
  run_ct -0 search -n --format '{{.Name}}' busy
  [ "${lines[0]}" = busy ]
  run_ct -0 search -n --format '{{.Name}}|{{.StarCount}}|{{.IsOfficial}}' odd
  assert_lacks "$output" $'\e'
  assert_has "$output" "odd [31m/one |0|"
  kill "$PID"
  wait "$PID" || true
  PID=
  run_ct -1 search alpine
  assert_error 1203
  echo '{"registries":{"docker.io":{"blocked":true}}}' >"$CONFIG"
  run_ct -1 search alpine
  assert_error 1215
  echo '{"registries":{"docker.io":{"search":"a/b"}}}' >"$CONFIG"
  run_ct -1 search alpine
  assert_error 1102 "search"
}

@test "short names: an alias, and another registry than Docker Hub; what is shown says so" {
  echo '{"aliases":{"box":"'"$REGISTRY"'/busybox"}}' >"$CONFIG"
  run_ct -0 pull box
  assert_has "$output$stderr" "$REGISTRY/busybox:latest"
  run_ct -0 run --rm --network none --pull never box echo runs
  assert_output runs
  run_ct -0 images --format '{{.Repository}}:{{.Tag}}'
  assert_has "$output" "$REGISTRY/busybox:latest"
  usr-ct tag box box:mine
  [ "$(usr-ct image inspect -f '{{json .RepoTags}}' box:mine | jq -r '.[]' | grep mine)" = "$REGISTRY/busybox:mine" ]
  usr-ct rmi box:mine
  # All short names; the image of Docker Hub with that name is another one, and is called in full.
  usr-ct tag box docker.io/library/busybox:hub
  echo '{"short":"'"$REGISTRY"'"}' >"$CONFIG"
  run_ct -0 run --rm --network none --pull never busybox echo short
  assert_output short
  run_ct -1 image inspect busybox:hub
  assert_error 1202
  run_ct -0 images --format '{{.Repository}}:{{.Tag}}'
  assert_has "$output" "docker.io/library/busybox:hub"
  # An archive means Docker Hub, wherever it is loaded.
  usr-ct save -o hub.tar docker.io/library/busybox:hub
  tar -xOf hub.tar manifest.json | jq -e '.[0].RepoTags == ["docker.io/library/busybox:hub"]'
  usr-ct rmi docker.io/library/busybox:hub
  rm "$CONFIG"
  usr-ct tag "$REGISTRY/busybox" busybox:hub
  usr-ct save -o hub.tar busybox:hub
  usr-ct rmi busybox:hub
  echo '{"short":"'"$REGISTRY"'"}' >"$CONFIG"
  usr-ct load -q -i hub.tar
  usr-ct image inspect docker.io/library/busybox:hub >/dev/null
  usr-ct rmi docker.io/library/busybox:hub
  # Docker Hub can still be named.
  run_ct -0 images -q docker.io/library/busybox
  assert_output ""
}

@test "short names: what the file says wrongly is told, and only where it matters" {
  echo '{"short":"nohost","aliases":{"a":"UPPER.example/X","b":"c"}}' >"$CONFIG"
  run_ct -1 pull a
  assert_error 1102 "'a'"
  run_ct -1 pull b
  assert_error 1102 "'b'"
  run_ct -1 pull x
  assert_error 1102 "'short'"
  run_ct -0 image inspect -f ok "$REGISTRY/busybox"
  assert_output ok
  run_ct -1 pull 'Upper'
  assert_error 1201 "lower case"
}
