#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# compat-templates - what templates written for docker and podman find, also where it is empty
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
}

ask() { # TEMPLATE EXPECTED
  run_ct -0 inspect -f "$1" web
  assert_output "$2"
}

@test "inspect: empty fields can be asked for, in templates only" {
  usr-ct create --name web --network none --label Foo=bar "$IMG" true
  ask '{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}' none
  ask '{{with .Config.Healthcheck}}{{.Test}}{{else}}no check{{end}}' "no check"
  ask '{{.State.Health}} {{.Config.Healthcheck}} {{.HostConfig.PidsLimit}}' "<nil> <nil> <nil>"
  ask '{{.SizeRw}},{{.SizeRootFs}}' "<nil>,<nil>"
  ask '{{.HostConfig.Links}} {{.HostConfig.Mounts}} {{.HostConfig.VolumesFrom}} {{.ExecIDs}}' "[] [] [] []"
  ask '{{range .HostConfig.Links}}one{{else}}none{{end}}' none
  ask '[{{.State.Healthcheck.Status}}]' "[]"
  ask '{{json .State.Health}}' null
  # A key of a map is no field, and what a field of nothing has is an error, as in Go.
  ask '{{.Config.Labels.Foo}} {{.Config.Labels.foo}}' "bar <no value>"
  run_ct -125 inspect -f '{{.State.Health.Status}}' web
  assert_error 1108
  run_ct -125 inspect -f '{{.Config.Nosuch}}' web
  assert_error 1107
  usr-ct inspect web | jq -e '.[0] | (.State | has("Health") | not) and (has("SizeRw") | not)'
  usr-ct inspect -f json web | jq -e '(.State | has("Healthcheck") | not)'
}

@test "inspect: a health check by both names" {
  usr-ct run -d --name web --network none --health-cmd true --health-interval 1h "$IMG" sleep 1000
  run_ct -0 healthcheck run web
  ask '{{if .State.Health}}{{.State.Health.Status}}{{end}}' healthy
  ask '{{.State.Healthcheck.Status}} {{len .State.Healthcheck.Log}}' "healthy $(usr-ct inspect -f '{{len .State.Health.Log}}' web)"
  usr-ct rm -f -t 0 web
}

@test "inspect: --type all is every kind" {
  usr-ct create --name web --network none "$IMG" true
  run_ct -0 inspect --type all -f '{{.Name}}' web
  assert_output /web
  run_ct -0 inspect --type all -f '{{.Os}}' "$IMG"
  assert_output linux
}

@test "version and info: field names of docker and of podman" {
  run_ct -0 version -f '{{.Client.APIVersion}} {{.Server.APIVersion}} {{.Client.Context}}'
  assert_output "1.43 1.43 default"
  run_ct -0 version --format '{{.Server.MinAPIVersion}} {{.Server.Experimental}} {{.Client.OsArch}}'
  assert_has "$output" "1.24 false linux/"
  run_ct -0 info -f '{{.Host.Security.Rootless}} {{.Host.CgroupsVersion}} {{.Host.OCIRuntime.Name}}'
  assert_output "true v2 usr-ct"
  [ "$(usr-ct info -f '{{.Store.GraphRoot}}')" = "$(usr-ct info -f '{{.DataDir}}')" ]
  [ "$(usr-ct info -f '{{.Store.GraphDriverName}}')" = "$(usr-ct info -f '{{.Driver}}')" ]
  [ "$(usr-ct info -f '{{.Host.Arch}}')" = "$(usr-ct version -f '{{.Server.Arch}}')" ]
  usr-ct info -f json | jq -e 'has("Host") | not'
}
