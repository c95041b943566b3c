#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# leaving - what goes with a container, and what must not stay behind: --rmi, the pause of commit

load helpers

setup_file() {
  setup_store busybox
  export B=$REGISTRY/busybox
}

teardown_file() {
  teardown_store
}

teardown() {
  usr-ct ps -aq | xargs -r usr-ct rm -f >/dev/null
  assert_nothing_left
}

has_no_image() { # NAME
  [[ -z $(usr-ct images -q "$1") ]]
}

@test "leaving: --rmi in the background removes the image when the container ends, without another command" {
  local data=$XDG_DATA_HOME/usr-ct
  usr-ct run --name maker --network none "$B" sh -c 'echo x >/x; chown 5:5 /x'
  usr-ct commit maker local/once:1 >/dev/null
  usr-ct rm maker
  usr-ct run -d --rmi --name once --network none local/once:1 sh -c 'chown 7:7 /x; sleep 1' >/dev/null
  # Only files are looked at: commands of ours would do it themselves.
  [[ -n $(ls "$data/rmi") ]]
  wait_until is_bare "$data/rmi"
  wait_until is_bare "$data/trash"
  wait_until no_leftover_processes
  has_no_image local/once:1
  [[ -n $(usr-ct images -q "$B") ]]
}

@test "leaving: --rmi in the background keeps an image that others use" {
  usr-ct run --name maker --network none "$B" true
  usr-ct commit maker local/once:2 >/dev/null
  usr-ct create --name user --network none local/once:2 true >/dev/null
  usr-ct run -d --rmi --network none local/once:2 true >/dev/null
  wait_until is_bare "$XDG_DATA_HOME/usr-ct/rmi"
  wait_until no_leftover_processes
  [[ -n $(usr-ct images -q local/once:2) ]]
  usr-ct rm user maker
  usr-ct rmi local/once:2
}

@test "leaving: a commit that is killed does not leave the container paused" {
  usr-ct run -d --name busy --network none "$B" sh -c 'dd if=/dev/urandom of=/big bs=1M count=200 2>/dev/null; echo written; sleep 1000' >/dev/null
  WAIT_S=60 wait_until log_has busy written
  usr-ct commit --pause busy local/never &
  local committer=$!
  wait_until is_state busy paused
  kill -9 $committer
  wait $committer || true
  wait_until is_state busy running
  run_ct -0 exec busy echo alive
  assert_output alive
  # And once more, to its end.
  run_ct -0 commit --pause busy local/done
  is_state busy running
  usr-ct rm -f busy
  usr-ct rmi local/done
  has_no_image local/never
}

@test "leaving: commit of a container without a monitor does not pause it" {
  usr-ct run -d --name lost --network none "$B" sleep 1000
  kill -9 "$(sed -n 's/^monitor=//p' "$XDG_DATA_HOME"/usr-ct/containers/*/state)"
  run_ct -1 commit --pause lost local/lost
  assert_error 1446
  run_ct -0 commit lost local/lost
  usr-ct rm -f lost
  usr-ct rmi local/lost
}

@test "commit: an image in Docker's format is found by name in the OCI layout, also after a collection" {
  local layout=oci:$XDG_DATA_HOME/usr-ct/oci
  usr-ct run --name maker --network none "$B" sh -c 'echo made >/made'
  usr-ct commit -f docker maker local/docker-format:1 >/dev/null
  usr-ct commit maker local/other:1 >/dev/null
  usr-ct rm maker
  usr-ct rmi local/other:1
  run skopeo inspect --raw "$layout:docker.io/local/docker-format:1"
  assert_status 0
  assert_has "$output" application/vnd.oci.image.manifest.v1+json
  assert_lacks "$output" vnd.docker
  run skopeo copy "$layout:docker.io/local/docker-format:1" "oci:$BATS_TEST_TMPDIR/copy:x"
  assert_status 0
  run_ct -0 pull "oci:$BATS_TEST_TMPDIR/copy:x"
  [[ -n $(usr-ct images -q docker.io/local/docker-format) ]] # a full name, without its tag
  # What it says of itself is Docker's format.
  [[ $(usr-ct inspect -f '{{.Id}}' local/docker-format:1) == sha256:* ]]
  usr-ct rmi -f local/docker-format:1
}

@test "exec --tools: rmi of the image meanwhile leaves its files until the command has ended" {
  local data=$XDG_DATA_HOME/usr-ct
  usr-ct run --name maker --network none "$B" sh -c 'echo found >/tool-file'
  usr-ct commit maker local/tools >/dev/null
  usr-ct rm maker
  usr-ct run -d --name box --network none "$B" sleep 1000 >/dev/null
  mkfifo "$BATS_TEST_TMPDIR/in"
  usr-ct exec -i --tools local/tools box sh -c 'echo ready; read x; cat /tool-file' \
    <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" &
  exec 9>"$BATS_TEST_TMPDIR/in"
  wait_until file_has "$BATS_TEST_TMPDIR/out" ready
  run_ct -0 rmi local/tools
  has_no_image local/tools
  echo go >&9
  exec 9>&-
  wait_until file_has "$BATS_TEST_TMPDIR/out" found
  wait_until is_bare "$data/tmp"
  # The next command that writes collects what was kept.
  usr-ct rm -f box >/dev/null
  [[ ! -e $data/trash/.collect ]]
}
