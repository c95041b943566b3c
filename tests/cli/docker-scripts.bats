#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# docker-scripts - scripts written for docker, run after alias docker=usr-ct
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

setup() {
  cd "$BATS_TEST_TMPDIR"
  mkdir bin
  ln -s "$(command -v usr-ct)" bin/docker
  PATH=$PWD/bin:$PATH
}

@test "a service: started once, waited for, replaced, cleaned up" {
  cat >service.sh <<'SCRIPT'
set -eu
name=service
if [ "$(docker ps -aq -f "name=^/${name}$")" ]; then
  docker rm -f "$name" >/dev/null
fi
cid=$(docker run -d --name "$name" --label app=demo --network none "$IMG" sh -c 'echo ready; exec sleep 1000')
[ ${#cid} = 64 ]
until docker logs "$name" 2>&1 | grep -q ready; do :; done
[ "$(docker inspect -f '{{.State.Running}}' "$name")" = true ]
[ "$(docker inspect --format='{{.Id}}' "$name")" = "$cid" ]
docker ps --filter label=app=demo --format '{{.ID}}: {{.Names}} ({{.Status}})' | grep -q "^$(echo "$cid" | cut -c1-12): service (Up "
docker rename "$name" "$name-old"
docker run -d --name "$name" --label app=demo --network none "$IMG" sleep 1000 >/dev/null
docker stop -t 1 "$name-old" >/dev/null
docker rm "$name-old"
docker ps -q --filter label=app=demo | xargs docker stop -t 1 >/dev/null
docker ps -aq --filter label=app=demo | xargs docker rm -v
SCRIPT
  run bash service.sh
  assert_status 0
  run bash service.sh
  assert_status 0
}

@test "names as inspect shows them, with a slash, are taken back" {
  usr-ct create --name /one --network none "$IMG" true
  usr-ct create --name two --network none "$IMG" true
  usr-ct rename /two /three
  [ "$(docker inspect -f '{{.Name}}' /one)" = /one ]
  docker ps -aq | xargs docker inspect -f '{{.Name}}' | sort >names
  printf '/one\n/three\n' | diff - names
  xargs docker rm <names
  [ -z "$(docker ps -aq)" ]
  run_ct -1 rm //one
  assert_error 1401
}

@test "inspect: what templates for podman name" {
  usr-ct run -d --name web --network none --umask 0027 --annotation note=1 -v "$PWD:/here:ro" "$IMG" sh -c 'echo up; sleep 100'
  run_ct -0 inspect -f '{{.ImageName}} {{.OCIRuntime}} {{.State.CgroupPath}} {{.Config.Umask}} {{index .Config.Annotations "note"}}' web
  assert_has "$output" "$IMG:latest usr-ct "
  assert_has "$output" " 0027 1"
  [ "$(inspect_field web .ImageDigest)" = "$(inspect_field "$IMG" .Digest)" ]
  grep -q usr-ct "/proc/$(inspect_field web .State.ConmonPid)/comm"
  usr-ct inspect -f '{{range .Mounts}}{{json .Options}}{{end}}' web | grep -q '"ro"'
  usr-ct inspect -f '{{range .BoundingCaps}}{{println .}}{{end}}' web | grep -qx CAP_CHOWN
  wait_until test -s "$(inspect_field web .HostConfig.LogConfig.Path)"
  [ -f "$(inspect_field web .OCIConfigPath)" ]
  usr-ct run --name quiet --network none --log-driver none "$IMG" true
  [ "$(inspect_field quiet .LogPath)$(inspect_field quiet .HostConfig.LogConfig.Path)" = "" ]
  [ "$(inspect_field "$IMG" .ManifestType)" = application/vnd.oci.image.manifest.v1+json ]
  usr-ct rm -f -t 0 web quiet
}

@test "commands of two words: the first alone tells what there is" {
  local word
  for word in container image volume secret system; do
    run_ct -0 "$word"
    assert_has "$output" "Usage"
    assert_has "$output" "usr-ct $word COMMAND"
    diff <(usr-ct "$word") <(usr-ct "$word" --help)
    diff <(usr-ct "$word") <(usr-ct help "$word")
  done
  run_ct -0 image
  assert_has "$output" "ls"
  assert_has "$output" "List images"
  run_ct -1 container exists nosuch
}

@test "exit codes, names and states of a batch" {
  cat >batch.sh <<'SCRIPT'
set -u
for i in 0 1 2; do docker run --name "job$i" --network none "$IMG" sh -c "exit $i"; [ $? = $i ] || exit 90; done
docker ps -a --filter exited=1 --format '{{.Names}}' | grep -qx job1 || exit 91
docker ps -a --no-trunc --format 'table {{.ID}}\t{{.Names}}\t{{.State}}' | grep -q job2 || exit 92
for c in $(docker ps -aq); do docker inspect -f '{{.Name}} {{.State.ExitCode}}' "$c"; done | sort >codes
diff codes - <<END || exit 93
/job0 0
/job1 1
/job2 2
END
docker container prune -f | grep -q 'Total reclaimed space' || exit 94
[ -z "$(docker ps -aq)" ] || exit 95
docker run --rm --network none "$IMG" nosuchcommand 2>/dev/null
[ $? = 127 ] || exit 96
docker run --nosuchflag 2>/dev/null
[ $? = 125 ] || exit 97
SCRIPT
  run bash batch.sh
  assert_status 0
}

@test "what CI scripts ask about images and the machine" {
  cat >ask.sh <<'SCRIPT'
set -eu
docker version --format '{{.Server.Version}}' | grep -q '^[0-9]'
docker info --format '{{.Driver}} {{.NCPU}} {{.CgroupVersion}}' | grep -q ' 2$'
docker --log-level error images --format '{{.Repository}}:{{.Tag}}' | grep -qx "$IMG:latest"
docker images -q "$IMG" | grep -q '^[0-9a-f]\{12\}$'
docker image inspect "$IMG" >/dev/null 2>&1 || exit 1
if docker image inspect nosuch:latest >/dev/null 2>&1; then exit 1; fi
docker inspect --type=image -f '{{json .RepoTags}}' "$IMG" | jq -e 'length == 1' >/dev/null
docker images --filter=reference='*/busybox' --format '{{json .}}' | jq -e .ID >/dev/null
docker images -f dangling=true -q | xargs -r docker rmi
docker system df --format '{{.Type}}' | grep -qx Images
SCRIPT
  run bash ask.sh
  assert_status 0
}

@test "a health loop over names, as wait-for-it scripts have it" {
  cat >loop.sh <<'SCRIPT'
set -eu
docker create --name db --network none "$IMG" sleep 1000 >/dev/null
docker start db >/dev/null
while [ "$(docker inspect -f '{{.State.Status}}' db)" != running ]; do :; done
docker inspect -f '{{if .State.Running}}up{{else}}down{{end}} {{with .State}}{{.ExitCode}}{{end}}' db | grep -qx 'up 0'
docker inspect -f '{{range $i, $e := .Config.Env}}{{if eq $i 0}}{{$e}}{{end}}{{end}}' db | grep -q =
docker inspect --format '{{index (index .NetworkSettings.Networks "none") "IPAddress"}}' db >/dev/null
docker restart -t 0 db >/dev/null
docker kill --signal=KILL db >/dev/null
docker rm db
SCRIPT
  run bash loop.sh
  assert_status 0
}
