#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# format - what --format makes of lists and objects
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

@test "ps: fields of docker and of podman" {
  usr-ct create --name web --label com.example.tier=front --label b=2 -v /tmp:/data "$IMG" true >/dev/null
  id=$(usr-ct inspect -f '{{.Id}}' web)
  run_ct -0 ps -a --format '{{.ID}}|{{.Names}}|{{.Image}}|{{.Command}}|{{.State}}|{{.Status}}|{{.Ports}}|{{.LocalVolumes}}|{{.Mounts}}'
  assert_output "${id:0:12}|web|$IMG|\"true\"|created|Created||0|/tmp"
  run_ct -0 ps -a --no-trunc --format '{{.ID}} {{.Id}} {{.Pid}} {{.ExitCode}} {{.Exited}} {{.Restarts}}'
  assert_output "$id $id 0 0 false 0"
  run_ct -0 ps -a --format '{{.Label "com.example.tier"}}/{{.Label "none"}}/{{.Labels}}'
  assert_has "$output" "front//"
  assert_has "$output" "com.example.tier=front"
  run_ct -0 ps -a --format '{{.CreatedAt}}'
  [[ $output =~ ^20[0-9]{2}-[0-9]{2}-[0-9]{2}\ [0-9:]{8}\ [+-][0-9]{4}\  ]]
}

@test "ps: table with headings, and without them" {
  usr-ct create --name one "$IMG" true >/dev/null
  run_ct -0 ps -a --format 'table {{.Names}}\t{{.State}}'
  [ "${lines[0]}" = "NAMES     STATE" ]
  [ "${lines[1]}" = "one       created" ]
  run_ct -0 ps -a --noheading --format 'table {{.Names}}\t{{.State}}'
  assert_output "one       created"
  run_ct -0 ps -a --format 'table {{upper .Names}}'
  assert_output "NAMES"$'\n'"ONE"
}

@test "ps: nothing to list is a heading in a table, and nothing in a template" {
  run_ct -0 ps --format 'table {{.Names}}'
  assert_output NAMES
  run_ct -0 ps --format '{{.Names}}'
  assert_output ""
  run_ct -0 ps
  assert_has "$output" "CONTAINER ID"
}

@test "ps: json, a line for each, and the whole row" {
  usr-ct create --name one "$IMG" true >/dev/null
  usr-ct create --name two "$IMG" true >/dev/null
  [ "$(usr-ct ps -a --format json | jq -r .Names | sort | tr '\n' ' ')" = "one two " ]
  [ "$(usr-ct ps -a --format '{{json .}}' | jq -r .State | sort -u)" = created ]
  [ "$(usr-ct ps -a --format '{{json .Names}}' | sort | tr '\n' ' ')" = '"one" "two" ' ]
}

@test "ps: a template for the whole list, as podman has it" {
  usr-ct create --name one "$IMG" true >/dev/null
  usr-ct create --name two "$IMG" true >/dev/null
  run_ct -0 ps -a --sort names --format '{{range .}}<{{.Names}}>{{end}}'
  assert_output "<one><two>"
}

@test "ps: escapes, conditions, functions" {
  usr-ct create --name one "$IMG" true >/dev/null
  run_ct -0 ps -a --format '{{if eq .State "created"}}new{{else}}old{{end}}\t{{printf "%-6s|%q" .Names .Names}}'
  assert_output $'new\tone   |"one"'
  run_ct -0 ps -a --format '{{range $i, $p := split .Names "n"}}{{$i}}={{$p}};{{end}}{{len .Names}}'
  assert_output '0=o;1=e;3'
}

@test "templates: mistakes name the column" {
  usr-ct create --name one "$IMG" true >/dev/null
  run_ct -125 ps -a --format '{{.Names'
  assert_error 1106 "column 9"
  run_ct -125 ps -a --format 'x {{.Name}}'
  assert_error 1107 "column 5: there is no field '.Name'"
  assert_has "$stderr" "did you mean '.Names'?"
  run_ct -125 ps -a --format '{{len .Names | upper}}'
  assert_error 1108
  assert_output ""
  run_ct -125 ps --format '{{foo}}'
  assert_error 1106 "there is no function 'foo'"
}

@test "inspect: a template for each, several kinds, those not found are told" {
  usr-ct create --name one --label k=v "$IMG" true >/dev/null
  run_ct -0 inspect -f '{{.Name}}' one
  assert_output /one
  run_ct -1 inspect --format '{{.Id}}' one nosuch "$IMG"
  [ "${#lines[@]}" = 2 ]
  [[ ${lines[1]} == sha256:* ]]
  assert_error 1401 nosuch
  run_ct -1 inspect one nosuch
  [ "$(jq -r '.[].Name' <<<"$output")" = /one ]
  run_ct -1 inspect nosuch
  [ "$(jq length <<<"$output")" = 0 ]
}

@test "inspect: --type, --size, and the forms for one kind" {
  usr-ct create --name one "$IMG" true >/dev/null
  run_ct -1 inspect --type image one
  assert_error 1202
  run_ct -0 inspect -s -f '{{.SizeRw}} {{gt .SizeRootFs 1000}}' one
  assert_output "0 true"
  run_ct -0 container inspect -f '{{.Name}}' one
  assert_output /one
  run_ct -1 container inspect "$IMG"
  run_ct -0 image inspect -f '{{.Os}}' "$IMG"
  assert_output linux
  run_ct -1 image inspect one
}

@test "inspect: the fields that scripts ask for" {
  usr-ct run -d --name web --label a.b=c -v /tmp:/x:ro -e FOO=bar "$IMG" sleep 1000 >/dev/null
  run_ct -0 inspect -f '{{.State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.ExitCode}} {{.RestartCount}}' web
  assert_output "running true false 0 0"
  pid=$(usr-ct inspect -f '{{.State.Pid}}' web)
  kill -0 "$pid"
  run_ct -0 inspect -f '{{index .Config.Labels "a.b"}}|{{index .Config.Labels "none"}}|{{.Config.Labels.none}}' web
  assert_output "c||<no value>"
  run_ct -0 inspect -f '{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}} {{.RW}}{{end}}' web
  assert_output "bind /tmp /x false"
  run_ct -0 inspect -f '{{range .Config.Env}}{{println .}}{{end}}' web
  assert_has "$output" FOO=bar
  run_ct -0 inspect -f '{{.Path}} {{join .Args ","}} {{.HostConfig.AutoRemove}} {{.HostConfig.RestartPolicy.Name}}' web
  assert_output "sleep 1000 false no"
  run_ct -0 inspect -f '{{range $k, $v := .NetworkSettings.Networks}}{{$k}}{{end}}{{.NetworkSettings.Ports}}' web
  assert_has "$output" "map[]"
  if [[ ${USRCT_MOUNT_BACKEND:-} == copy ]]; then # as Docker's vfs
    [ -d "$(usr-ct inspect -f '{{.GraphDriver.Data.dir}}' web)" ]
  else
    [ -d "$(usr-ct inspect -f '{{.GraphDriver.Data.UpperDir}}' web)" ]
  fi
  run_ct -125 inspect -f '{{.State.Nope}}' web
  assert_error 1107
  run_ct -0 inspect -f '{{json .Config.Cmd}} {{.HostConfig.Memory}}\t' web
  assert_output '["sleep","1000"] 0\t'
}

@test "info and version: templates and json" {
  run_ct -0 info --format '{{.OSType}} {{.Containers}} {{.DockerRootDir}}'
  assert_output "linux 0 $XDG_DATA_HOME/usr-ct"
  run_ct -0 system info -f '{{json .Images}}'
  assert_output 1
  run_ct -0 version --format '{{.Client.Version}} {{.Server.Version}}'
  assert_output "$(usr-ct --version | sed 's/.* //') $(usr-ct --version | sed 's/.* //')"
  usr-ct version --format json | jq -e .Client.Version
  run_ct -125 version -f '{{.Nope}}'
  assert_error 1107
}

@test "images: fields, tables, patterns" {
  run_ct -0 images --format '{{.Repository}}:{{.Tag}}'
  assert_output "$IMG:latest"
  run_ct -0 images --format 'table {{.Tag}}\t{{.Size}}'
  assert_has "${lines[0]}" "TAG       SIZE"
  [[ $(usr-ct images --no-trunc --format '{{.ID}} {{.Digest}}') =~ ^sha256:[0-9a-f]{64}\ sha256:[0-9a-f]{64}$ ]]
  run_ct -0 images -q --no-trunc
  [[ $output == sha256:* ]]
}
