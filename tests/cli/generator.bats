#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# generator - containers from generator files, and anew from the file that was kept
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox
}
teardown_file() {
  teardown_store
}
setup() {
  B=$REGISTRY/busybox
  cd "$BATS_TEST_TMPDIR"
  mkdir -p app/sub
  echo one >app/one
  echo two >app/sub/two
  echo conf >my.conf
  cat >box.json <<JSON
{
    "name": "my-container",
    "baseImage": "$B",
    "cmd": ["/bin/sh", "-c", "pwd; cat /app/one /app/sub/two /etc/deep/dir/my.conf /srv/my.conf"],
    "workdir": "/root",
    "copy": [
        { "src": "app/", "dst": "/app" },
        { "src": "my.conf", "dst": "/etc/deep/dir/my.conf" },
        { "src": "my.conf", "dst": "/srv/" }
    ]
}
JSON
}
teardown() {
  remove_all_and_check
}

# Puts a text in the place of the file's line that has another.
with() { # SED
  sed "$1" box.json >other.json
}

@test "generator: makes a container with copies, workdir and command" {
  run_ct -0 create box.json
  [[ $output =~ ^[0-9a-f]{64}$ ]]
  is_state my-container created
  cd /
  run_ct -0 start -a my-container
  assert_output "$(printf '/root\none\ntwo\nconf\nconf')"
  usr-ct rm my-container
  cp "$BATS_TEST_TMPDIR/box.json" "$BATS_TEST_TMPDIR/no-suffix"
  run_ct -0 create --file "$BATS_TEST_TMPDIR/no-suffix"
  cmp "$BATS_TEST_TMPDIR/box.json" "$XDG_DATA_HOME/usr-ct/containers/$output/generator.json"
}

@test "generator: without a workdir it is /, and the image's own command is not used" {
  printf '{"name":"min","baseImage":"%s","cmd":["pwd"]}' "$B" >min.json
  usr-ct create min.json
  [ "$(usr-ct start -a min)" = / ]
}

@test "generator: limits are those of the flags" {
  with 's/"workdir"/"limits": { "cpuQuota": 50000, "cpuPeriod": 100000, "memory": 104857600, "pids": 20 }, "workdir"/'
  id=$(usr-ct create other.json)
  jq -ce '.linux.resources | [.cpu.quota, .cpu.period, .memory.limit, .pids.limit]' \
    "$XDG_DATA_HOME/usr-ct/containers/$id/config.json" | grep -qx '\[50000,100000,104857600,20\]'
  with 's/"workdir"/"limits": { "cpuQuota": 0, "cpuPeriod": 0, "memory": 0, "pids": 0 }, "workdir"/'
  sed -i s/my-container/none/ other.json
  usr-ct create other.json
  usr-ct start -a none >/dev/null
}

@test "generator: errors have file, line and column" {
  expect() { # LINE:COLUMN TEXT
    run_ct -1 create other.json
    assert_error 1467 "other.json:$1: $2"
  }
  with 's/"workdir"/"wrkdir"/'
  expect 5:5 "the key 'wrkdir' is not known"
  with 's/"src": "app\/"/"source": "app"/'
  expect 7:11 "the key 'source' is not known"
  with 's/"\/root"/7/'
  expect 5:16 "'workdir'"
  with 's/"\/root"/"root"/'
  expect 5:16 "'workdir' must be an absolute path"
  with 's/"cmd": .*/"cmd": [],/'
  expect 4:12 "'cmd'"
  with 's/"cmd": .*/"cmd": ["a", 5],/'
  expect 4:18 "'cmd'"
  with 's/"name": .*/"name": "a b",/'
  expect 2:13 "'a b' is not a valid container name"
  with '/"name"/d'
  expect 1:1 "the file has no 'name'"
  with 's/, "dst": "\/srv\/"//'
  expect 9:9 "a copy has no 'dst'"
  with 's/"workdir"/"limits": { "memory": "1g" }, "workdir"/'
  expect 5:27 "'memory'"
  with 's/"workdir"/"limits": { "pids": -1 }, "workdir"/'
  expect 5:25 "'pids'"
  with 's/"workdir"/"limits": { "pids": 1.5 }, "workdir"/'
  expect 5:25 "'pids'"
  with 's/"workdir": /"name": "again", "workdir": /'
  run_ct -1 create other.json
  assert_error 1467 "other.json:5:"
  assert_has "$stderr" duplicate
  echo '{"name": "x"' >other.json
  run_ct -1 create other.json
  assert_error 1467 "other.json:"
  [ -z "$(usr-ct ps -aq)" ]
}

@test "generator: what cannot be copied leaves no container" {
  with 's/my.conf", "dst": "\/srv/none", "dst": "\/srv/'
  run_ct -1 create other.json
  assert_error 1460 none
  with 's/"\/srv\/"/"\/bin\/sh\/x"/'
  run_ct -1 create other.json
  [ -z "$(usr-ct ps -aq)" ]
}

@test "generator: flags and words that it would win over are errors" {
  run_ct -125 create -e A=1 box.json
  assert_error 1101 --env
  run_ct -125 create box.json ls
  assert_error 1101 "own command"
  run_ct -125 create
  assert_error 1101
  usr-ct create box.json
  run_ct create box.json
  assert_error 1403
}

@test "recreate: new content, same name; the old one stays if anything fails" {
  old=$(usr-ct create box.json)
  usr-ct start -a my-container >/dev/null
  echo changed >app/one
  mv my.conf gone.conf
  run_ct -1 recreate my-container
  assert_error 1460 my.conf
  [ "$(inspect_field my-container .Id)" = "$old" ]
  mv gone.conf my.conf
  cd /
  run_ct -0 recreate my-container
  [ "$output" != "$old" ]
  [ "$(inspect_field my-container .Id)" = "$output" ]
  [ "$(usr-ct start -a my-container | sed -n 2p)" = changed ]
  [ "$(usr-ct ps -aq | wc -l)" = 1 ]
  run_ct -0 recreate --pull never my-container
}

@test "recreate: a running one needs -f, another one a file" {
  with 's/"cmd": .*/"cmd": ["sleep", "1000"],/'
  usr-ct create other.json
  usr-ct start my-container
  run_ct -1 recreate my-container
  assert_error 1404 running
  run_ct -0 recreate -f my-container
  is_state my-container running
  usr-ct kill my-container
  run_ct -0 recreate my-container
  is_state my-container created
  usr-ct create --name plain "$B" true
  run_ct -1 recreate plain
  assert_error 1468
}

@test "generator: the schema says the same as the program" {
  schema=$(find "$USRCT_TEST_PREFIX" -name generator.schema.json)
  jq -e . "$schema" >/dev/null
  /usr/bin/python3 - "$schema" box.json <<'PY'
import json, sys
import jsonschema
schema, good = (json.load(open(f)) for f in sys.argv[1:])
check = jsonschema.Draft7Validator(schema)
jsonschema.Draft7Validator.check_schema(schema)
check.validate(good)
for change in ({"workdir": 7}, {"cmd": []}, {"cmd": ["a", 5]}, {"unknown": 1}, {"workdir": "x"},
               {"copy": [{"src": "a"}]}, {"limits": {"pids": -1}}, {"limits": {"disk": 1}}):
    assert not check.is_valid({**good, **change}), change
PY
}
