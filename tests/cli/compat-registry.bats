#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# compat-registry - what scripts for docker and podman ask of registries
bats_require_minimum_version 1.5.0
load helpers
load registries

setup_file() {
  setup_store busybox
}
teardown_file() {
  teardown_store
}
setup() {
  cd "$BATS_TEST_TMPDIR"
  unset DOCKER_CONFIG REGISTRY_AUTH_FILE
  export HOME=$BATS_TEST_TMPDIR/home
  mkdir -p "$HOME"
  PID=''
  BUSYBOX=$REGISTRY/busybox
}
teardown() {
  [[ -z $PID ]] || kill "$PID"
  rm -rf "$XDG_RUNTIME_DIR/containers" "$XDG_CONFIG_HOME/containers"
  remove_all_and_check
}

@test "compat: push --tls-verify=false to a registry that speaks plain HTTP" {
  start_registry
  run_ct -0 push --tls-verify=false "$BUSYBOX" "$OWN/plain:1"
  assert_has "$output" "1: digest: sha256:"
  digest=${output#*sha256:}
  [ "$(skopeo inspect --raw --tls-verify=false "docker://$OWN/plain:1" | sha256sum | cut -d' ' -f1)" = "${digest%% *}" ]
  # Without the flag's meaning: it is told at once, not after minutes of tries.
  WAIT_S=5 within 5 usr-ct push --tls-verify "$BUSYBOX" "$OWN/plain:2" 2>refused && false
  grep -q UCT-1203 refused
}

@test "compat: pull --policy, and flags about trying again" {
  start_registry
  id=$(usr-ct image inspect -f '{{.Id}}' "$BUSYBOX")
  usr-ct push -q --retry 2 --retry-delay 1s --force-compression "$BUSYBOX" "$OWN/p:1"
  run_ct -125 pull --policy sometimes "$OWN/p:1"
  assert_error 1102 "newer"
  run_ct -1 pull --policy never "$OWN/p:1"
  assert_error 1202
  run_ct -0 pull -q --policy missing --retry 2 --retry-delay 1s "$OWN/p:1"
  assert_output "$id"
  : >registry.log
  run_ct -0 pull --policy missing "$OWN/p:1"
  assert_output "$id"
  run_ct -0 pull --policy never "$OWN/p:1"
  assert_output "$id"
  [ ! -s registry.log ]
  run_ct -0 pull --policy newer "$OWN/p:1"
  grep -q manifests registry.log
  # Nobody answers any more: what is here will do, or will not.
  kill "$PID"
  wait "$PID" || true
  PID=''
  run_ct -0 pull -q --policy newer "$OWN/p:1"
  assert_output "$id"
  run_ct -1 pull -q --policy always "$OWN/p:1"
  assert_error 1203
  run_ct -1 pull -q --policy newer "$OWN/other:1"
  assert_error 1203
}

@test "compat: login: a file in the directory one is in; who is logged in need not do it again" {
  with_password
  run_ct -0 login -u me --password-stdin --authfile mine.json "$OWN" <<<"secret: word"
  assert_output "Login Succeeded!"
  [ "$(jq -r ".auths[\"$OWN\"].auth" mine.json | base64 -d)" = "me:secret: word" ]
  [ "$(stat -c %a mine.json)" = 600 ]
  before=$(sha256sum mine.json)
  # No terminal, no standard input: what is kept is tried.
  run_ct -0 login --authfile mine.json "$OWN" </dev/null
  assert_output "Login Succeeded!"
  run_ct -0 login -u me --authfile mine.json "https://$OWN/" </dev/null
  assert_output "Login Succeeded!"
  [ "$(sha256sum mine.json)" = "$before" ]
  # Somebody else, nobody, or a password that is wrong by now are asked for one.
  run_ct -125 login -u other --authfile mine.json "$OWN" </dev/null
  assert_error 1101 "--password-stdin"
  run_ct -125 login "$OWN" </dev/null
  assert_error 1101
  jq --arg a "$(printf me:old | base64)" ".auths[\"$OWN\"].auth = \$a" mine.json >stale.json
  run_ct -125 login --authfile stale.json "$OWN" </dev/null
  assert_has "$stderr" "do not work"
  # And those of a file that is not there.
  run_ct -1 push -q --authfile nothere.json "$BUSYBOX" "$OWN/x"
  run_ct -0 push -q --authfile mine.json "$BUSYBOX" "$OWN/x"
  run_ct -0 logout --authfile mine.json "$OWN"
  [ "$(jq -c .auths mine.json)" = "{}" ]
}
