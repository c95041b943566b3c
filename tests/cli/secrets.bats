#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# secrets - secret create, ls, inspect, rm, exists, and run --secret with what is kept
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
}
teardown() {
  usr-ct secret rm -a >/dev/null
  remove_all_and_check
}

inside() { # FLAG... IMAGE COMMAND...
  run_ct run --rm --network none "$@"
}

@test "secrets: from a file, standard input and a variable; ls, inspect, exists, rm" {
  printf 'from file' >f
  run_ct -0 secret create --label app=shop one f
  id=$output
  [[ $id =~ ^[0-9a-f]{25}$ ]]
  printf 'from stdin' | usr-ct secret create two - >/dev/null
  TOKEN='from env' run_ct -0 secret create --env three TOKEN
  run_ct -0 secret ls --format '{{.Name}} {{.Driver}} {{.Label "app"}}'
  assert_output $'one file shop\nthree file \ntwo file '
  run_ct -0 secret ls
  assert_has "$output" "ID                          NAME"
  run_ct -0 secret ls -q --filter name=one
  assert_output "$id"
  run_ct -0 secret inspect -f '{{.Spec.Name}} {{.ID}} {{.Spec.Driver.Name}} {{.Spec.Labels.app}}' "${id:0:8}"
  assert_output "one $id file shop"
  assert_lacks "$(usr-ct secret inspect one two three)" "from"
  run_ct -0 secret inspect --showsecret -f '{{.SecretData}}' one two three
  assert_output $'from file\nfrom stdin\nfrom env'
  run_ct -0 secret inspect --pretty one
  assert_has "$output" "Name:            one"
  run_ct -0 secret exists one
  run_ct -1 secret exists nosuch
  run_ct -0 secret rm one
  assert_output "$id"
  run_ct -1 secret rm one
  assert_error 1341
  run_ct -0 secret rm -i one
  [ "$(find "$XDG_DATA_HOME/usr-ct/secrets" -type f -not -perm 600 | wc -l)" = 0 ]
  [ "$(stat -c %a "$XDG_DATA_HOME/usr-ct/secrets")" = 700 ]
  run grep -rl "from file" "$XDG_DATA_HOME/usr-ct/secrets"
  assert_output "" # its value went too
}

@test "secrets: what cannot be one is refused" {
  for n in .x a/b "a b" ""; do
    run_ct secret create -- "$n" /etc/hostname
    assert_error 1343
  done
  : >empty
  run_ct secret create x empty
  assert_error 1343 "0 bytes"
  head -c 512001 /dev/zero >big
  run_ct secret create x big
  assert_error 1343
  head -c 512000 /dev/zero >fits
  run_ct -0 secret create x fits
  run_ct secret create x fits
  assert_error 1342
  run_ct -0 secret create --ignore x fits
  run_ct secret create -d vault y fits
  assert_error 1121 vault
  run_ct secret inspect --showsecret x
  assert_error 1343
  run_ct secret create y nosuchfile
  [ "$status" != 0 ]
  run_ct secret create --env y NOSUCHVARIABLE
  [ "$status" != 0 ]
}

@test "secrets: as a file with owner and mode, as a variable; on memory; for any user" {
  printf hunter2 | usr-ct secret create pw - >/dev/null
  inside --secret pw "$B" sh -c 'cat /run/secrets/pw; stat -c " %a %u %g" /run/secrets/pw; grep " /run/secrets " /proc/mounts'
  assert_has "$output" "hunter2 400 0 0"
  assert_has "$output" tmpfs
  inside --secret pw,target=/etc/app/key,uid=7,gid=8,mode=0440 --secret pw,type=env,target=PW "$B" \
    sh -c 'cat /etc/app/key; stat -c " %a %u %g" /etc/app/key; echo "$PW"'
  assert_output $'hunter2 440 7 8\nhunter2'
  inside -u 1000 --secret source_name=pw,target=x "$B" cat /run/secrets/x 2>/dev/null ||
    inside -u 1000 --secret id=pw,target=x "$B" cat /run/secrets/x
  assert_output hunter2
  inside --secret nosuch "$B" true
  assert_status 125
  assert_error 1126 nosuch
}

@test "secrets: a container keeps what it was made with; the value is in no document" {
  printf firstvalue | usr-ct secret create pw - >/dev/null
  usr-ct create --name ct --network none --secret pw "$B" cat /run/secrets/pw >/dev/null
  printf secondvalue | usr-ct secret create --replace pw - >/dev/null
  run_ct -0 start -a ct
  assert_output firstvalue
  usr-ct secret rm pw >/dev/null
  run_ct -0 start -a ct
  assert_output firstvalue
  dir=$XDG_DATA_HOME/usr-ct/containers/$(usr-ct inspect -f '{{.Id}}' ct)
  run grep -l value "$dir/config.json" "$dir/launch.json"
  assert_output ""
  assert_lacks "$(usr-ct inspect ct)" firstvalue
  [ "$(stat -c %a "$dir/secret-0")" = 600 ]
}
