#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# filter - which containers and images are listed
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox
  export IMG=$REGISTRY/busybox
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
}
teardown() {
  remove_all_and_check
}

names() { # ARGUMENT...
  usr-ct ps "$@" --format '{{.Names}}' | sort | tr '\n' ' '
}

some_containers() {
  usr-ct create --name made --label tier=back "$IMG" true >/dev/null
  usr-ct run --name good --network none --label tier=front "$IMG" true
  usr-ct run --name bad --network none "$IMG" sh -c 'exit 3' || true
  usr-ct run -d --name up --network none -v /tmp:/data --label tier=front --label extra "$IMG" sleep 1000 >/dev/null
}

@test "ps: states, exit statuses" {
  some_containers
  [ "$(names)" = "up " ]
  [ "$(names -a)" = "bad good made up " ]
  [ "$(names -f status=running)" = "up " ]
  [ "$(names --filter status=exited)" = "bad good " ]
  [ "$(names -f status=created -f status=running)" = "made up " ]
  [ "$(names -f status=paused)" = "" ]
  [ "$(names -a -f exited=3)" = "bad " ]
  [ "$(names -a -f exited=0 -f exited=3)" = "bad good " ]
  usr-ct rm -f -a -t 0 >/dev/null
}

@test "ps: ids and names are patterns" {
  some_containers
  id=$(usr-ct inspect -f '{{.Id}}' good)
  [ "$(names -a -f "id=${id:0:10}")" = "good " ]
  [ "$(names -a -f name=oo)" = "good " ]
  [ "$(names -a -f 'name=^/good$')" = "good " ]
  [ "$(names -a -f 'name=^(made|up)$')" = "made up " ]
  [ "$(names -a -f 'command=exit 3')" = "bad " ]
  run_ct -1 ps -f 'name=('
  assert_error 1109 "is no regular expression"
  usr-ct rm -f -a -t 0 >/dev/null
}

@test "ps: labels must all fit, other keys too" {
  some_containers
  [ "$(names -a -f label=tier)" = "good made up " ]
  [ "$(names -a -f label=tier=front)" = "good up " ]
  [ "$(names -a -f label=tier=front -f label=extra)" = "up " ]
  [ "$(names -a -f 'label!=tier=front')" = "bad made " ]
  [ "$(names -a -f label=tier=front -f status=exited)" = "good " ]
  usr-ct rm -f -a -t 0 >/dev/null
}

@test "ps: before, since, until, ancestor, volume, network, health, restart-policy" {
  some_containers
  [ "$(names -a -f before=good)" = "made " ]
  [ "$(names -a -f since=good)" = "bad up " ]
  [ "$(names -a -f since=made -f before=up)" = "bad good " ]
  [ "$(names -a -f until=1h)" = "" ]
  [ "$(names -a -f until=0s)" = "bad good made up " ]
  [ "$(names -a -f "ancestor=$IMG")" = "bad good made up " ]
  [ "$(names -a -f "ancestor=$(usr-ct images -q "$IMG")")" = "bad good made up " ]
  [ "$(names -a -f ancestor=nosuch)" = "" ]
  [ "$(names -a -f volume=/data)" = "up " ]
  [ "$(names -a -f volume=/tmp)" = "up " ]
  [ "$(names -a -f network=none)" = "bad good up " ]
  [ "$(names -a -f network=bridge)" = "made " ]
  [ "$(names -a -f health=none -f status=created)" = "made " ]
  [ "$(names -a -f restart-policy=no)" = "bad good made up " ]
  [ "$(names -a -f restart-policy=always)" = "" ]
  [ "$(names -a -f publish=80)" = "" ]
  [ "$(names -a -f is-task=false)" = "bad good made up " ]
  run_ct -1 ps -f before=nosuch
  assert_error 1401
  usr-ct rm -f -a -t 0 >/dev/null
}

@test "ps: --last, --latest, --sort, --size" {
  some_containers
  [ "$(usr-ct ps -l --format '{{.Names}}')" = up ]
  [ "$(names -n 2)" = "bad up " ]
  [ "$(names --last 1 -f status=created)" = "made " ]
  [ "$(usr-ct ps -a --sort names --format '{{.Names}}' | tr '\n' ' ')" = "bad good made up " ]
  [ "$(usr-ct ps -a --sort created --format '{{.Names}}' | head -1)" = made ]
  run_ct -0 ps -as
  assert_has "${lines[0]}" SIZE
  assert_has "$output" "(virtual "
  usr-ct rm -f -a -t 0 >/dev/null
}

@test "ps: what is written is counted, also by other users" {
  usr-ct run --name ww --network none "$IMG" sh -c 'head -c 100000 /dev/zero >/f; mkdir -m 700 /d; head -c 5000 /dev/zero >/d/g; chown -R 1000:1000 /d || :'
  run_ct -0 inspect -s -f '{{.SizeRw}}' ww
  assert_output 105000
}

@test "filters: mistakes list what there is" {
  run_ct -1 ps -f stat=x
  assert_error 1109 "unknown filter 'stat'"
  assert_has "$stderr" "status"
  run_ct -1 ps -f status
  assert_error 1109 "KEY=VALUE"
  run_ct -1 ps -f status=sleeping
  assert_error 1109
  run_ct -1 ps -f exited=x
  assert_error 1109
  run_ct -1 images -f dangling=perhaps
  assert_error 1109
}

@test "images: reference, dangling, before, since, label, containers" {
  usr-ct pull "oci:$IMAGES/oci:busybox" >/dev/null
  [ "$(usr-ct images -f reference='busy*' --format '{{.Repository}}')" = busybox ]
  [ "$(usr-ct images busybox --format '{{.Repository}}:{{.Tag}}')" = busybox:latest ]
  [ "$(usr-ct images -f reference='*/busybox:latest' --format '{{.Repository}}')" = "$IMG" ]
  [ "$(usr-ct images -f reference='nosuch' -q)" = "" ]
  [ "$(usr-ct images -f dangling=true -q)" = "" ]
  [ -n "$(usr-ct images -f dangling=false -q)" ]
  [ "$(usr-ct images -f label=nosuch -q)" = "" ]
  [ "$(usr-ct images -f until=0s -q | sort -u | wc -l)" = 1 ]
  [ "$(usr-ct images -f containers=true -q)" = "" ]
  usr-ct create --name one "$IMG" true >/dev/null
  [ "$(usr-ct images -f containers=true -q | sort -u | wc -l)" = 1 ]
  run_ct -1 images -f before=nosuch
  assert_error 1202
  usr-ct rmi busybox >/dev/null
}
