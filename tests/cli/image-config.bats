#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# image-config - configurations of images as they come: what is missing, and forms that differ
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
}
teardown() {
  remove_all_and_check
  usr-ct rmi -af >/dev/null
}

image() { # JSON [MANIFEST]
  rm -rf odd
  "$BATS_TEST_DIRNAME/../fixtures/odd-image.py" odd "$@"
}

pull() { # JSON [MANIFEST]
  image "$@"
  usr-ct pull -q oci:odd:odd >/dev/null
}

runs() { # EXPECTED ARGUMENT...
  local expected=$1
  shift
  run_ct -0 run --rm --network none "$@"
  assert_output "$expected"
}

@test "image config: almost nothing in it" {
  for json in '{}' '{"config":null}' '{"config":{}}' \
    '{"config":{"Cmd":null,"Entrypoint":null,"Env":null,"User":"","WorkingDir":"","Volumes":null,"Labels":null,"StopSignal":"","ExposedPorts":null,"Healthcheck":null,"OnBuild":null},"history":null,"created":null,"author":null}'; do
    pull "$json"
    runs "0 /" odd sh -c 'echo $(id -u) $(pwd)'
    run_ct -125 run --rm --network none odd
    assert_error 1407
    run_ct -0 history -q odd
    run_ct -0 image inspect odd
    jq -e '.[0].Config != null' <<<"$output"
  done
  image '{"architecture":"","os":""}'
  usr-ct pull -q oci:odd:odd
}

@test "image config: ENTRYPOINT and CMD, in both forms" {
  pull '{"config":{"Cmd":["echo","cmd"]}}'
  runs cmd odd
  runs given odd echo given
  pull '{"config":{"Entrypoint":["echo","entry"]}}'
  runs entry odd
  runs "entry given" odd given
  pull '{"config":{"Entrypoint":["echo"],"Cmd":["a","b c"]}}'
  runs "a b c" odd
  runs "given" odd given
  runs "0" --entrypoint id odd -u
  # Docker reads a string as one word.
  pull '{"config":{"Entrypoint":"echo","Cmd":"a b"}}'
  runs "a b" odd
  pull '{"config":{"Entrypoint":[],"Cmd":["echo","x"]}}'
  runs x odd
  # The shell form, as builders write it.
  pull '{"config":{"Entrypoint":["/bin/sh","-c"],"Cmd":["echo $0 $1 end"]}}'
  runs "/bin/sh end" odd
  image '{"config":{"Cmd":[1]}}'
  run_ct -1 pull oci:odd:odd
  assert_error 1207 "config.Cmd"
  image '{"config":{"Entrypoint":{"a":"b"}}}'
  run_ct -1 pull oci:odd:odd
  assert_error 1207 "config.Entrypoint"
}

@test "image config: USER by number and name, with and without group" {
  while read -r user want; do
    pull '{"config":{"User":"'"$user"'","Cmd":["sh","-c","echo $(id -u):$(id -g)"]}}'
    runs "$want" odd
  done <<'TEXT'
7 7:7
app 7:7
app:team 7:8
app:9 7:9
7:team 7:8
1234 1234:0
1234:5678 1234:5678
root 0:0
0:0 0:0
TEXT
  for user in nobodyhere app:nogroup -1 4294967296; do
    pull '{"config":{"User":"'"$user"'","Cmd":["id"]}}'
    run_ct -125 run --rm --network none odd
    assert_error 1410 "${user##*:}"
  done
}

@test "image config: Env without '=' is left out, the last of a name counts" {
  pull '{"config":{"Env":["A=1","NOTHING","=x","B=x=y","A=2","C="],"Cmd":["env"]}}'
  run_ct -0 run --rm --network none odd
  assert_has "$output" "A=2"
  assert_has "$output" "B=x=y"
  assert_has "$output" "C="
  assert_lacks "$output" NOTHING
  assert_lacks "$output" "A=1"
}

@test "image config: StopSignal by name and number" {
  # What is no signal does not keep an image from running: SIGTERM.
  for signal in SIGUSR1 USR1 usr1 10 SIGNOTHING 0 99 -1; do
    [[ $signal =~ ^(SIG)?(USR1|usr1|10)$ ]] && trap=USR1 || trap=TERM
    pull '{"config":{"StopSignal":"'"$signal"'","Cmd":["sh","-c","trap \"exit 33\" '"$trap"'; echo ready; while :; do sleep 0.1; done"]}}'
    usr-ct run -d --name stops --network none odd >/dev/null
    wait_until bash -c 'usr-ct logs stops | grep -q ready'
    usr-ct stop -t 20 stops >/dev/null
    [ "$(usr-ct wait stops)" = 33 ]
    usr-ct rm stops >/dev/null
  done
}

@test "image config: Volumes, and a Healthcheck that says NONE" {
  pull '{"config":{"Volumes":{"/data":{},"/more/deep":null},"Healthcheck":{"Test":["NONE"]},"Cmd":["sh","-c","echo x >/data/f && echo y >/more/deep/f && echo fine"]}}'
  runs fine odd
  usr-ct run -d --name healthy --network none odd sleep 100 >/dev/null
  run_ct -0 inspect healthy
  jq -e '.[0].State | has("Health") | not' <<<"$output"
  usr-ct rm -f healthy >/dev/null
  image '{"config":{"Volumes":["/data"]}}'
  run_ct -1 pull oci:odd:odd
  assert_error 1207 "config.Volumes"
}

@test "image config: histories that do not fit the layers" {
  for history in '[]' '[{"empty_layer":true,"created_by":"ENV x"},{"created_by":"ADD"},{"empty_layer":true}]' \
    '[{"created_by":"a"},{"created_by":"b"},{"created_by":"c"}]' '[{}]'; do
    pull '{"history":'"$history"',"config":{"Cmd":["echo","x"]}}'
    runs x odd
    run_ct -0 history odd
    run_ct -0 image tree
  done
}

@test "manifest: what is not an image, or one that cannot be had, is said so" {
  while IFS='|' read -r what more; do
    image '{}' "$more"
    run_ct -1 pull oci:odd:odd
    assert_error 1207 "$what"
  done <<'TEXT'
artifact of type 'application/vnd.cncf.helm|{"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json"}}
unknown type 'application/x-thing'|{"layerType":"application/x-thing"}
encrypted|{"layerType":"application/vnd.oci.image.layer.v1.tar+gzip+encrypted"}
foreign|{"layerType":"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}
foreign|{"layerType":"application/vnd.oci.image.layer.nondistributable.v1.tar"}
schema 1|{"schemaVersion":1,"mediaType":null}
'config' is missing|{"config":null}
unknown type 'application/vnd.example'|{"mediaType":"application/vnd.example"}
0 layers but the config 1|{"layers":[]}
TEXT
  image '{"os":"windows"}'
  run_ct -1 pull oci:odd:odd
  assert_error 1208 "operating system"
  [ -z "$(usr-ct images -q)" ]
}
