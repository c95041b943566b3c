#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# commit - an image of a container; accepted by other people's tools
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox layers entry
}
teardown_file() {
  teardown_store
}
setup() {
  B=$REGISTRY/busybox
  cd "$BATS_TEST_TMPDIR"
}
teardown() {
  remove_all_and_check
}

image_field() { # IMAGE JQ
  usr-ct inspect "$1" | jq -c ".[0]$2"
}

# The whole configuration, as it lies in the layout.
config_of() { # IMAGE-ID
  cat "$XDG_DATA_HOME/usr-ct/oci/blobs/sha256/${1#sha256:}"
}

@test "commit: the image has what the container had, and runs" {
  usr-ct run --name box -e A=1 -w /tmp -u app -l key=value "$B" sh -c 'echo kept >/tmp/kept; mkfifo /tmp/p; ln /tmp/kept /tmp/hard'
  run_ct -0 commit -a me -m "a word" box local/kept:1
  id=$output
  [[ $id =~ ^sha256:[0-9a-f]{64}$ ]]
  run_ct -0 run --rm local/kept:1 sh -c 'cat kept; id -u; pwd; echo $A; stat -c %h hard'
  assert_output "$(printf 'kept\n1000\n/tmp\n1\n2')"
  [ "$(config_of "$id" | jq -r .author)" = me ]
  [ "$(config_of "$id" | jq -r '.history[-1].comment')" = "a word" ]
  [ "$(config_of "$id" | jq -r '.config.Labels.key')" = value ]
  [ "$(config_of "$id" | jq '.rootfs.diff_ids | length')" = 4 ]
  usr-ct images | grep -q local/kept
}

@test "commit: removals, replaced directories, owners, capabilities, twice over" {
  usr-ct run --name box "$REGISTRY/layers" sh -c 'cd /fixture; rm -r opaque; mkdir opaque; echo new >opaque/new2
    rm links/a; echo more >>data/keep; chmod 4711 busybox-setuid; chown 55:66 owned/file'
  usr-ct commit box one >/dev/null
  usr-ct run --name next one sh -c 'cd /fixture; rm opaque/new2; echo third >third'
  usr-ct commit next two >/dev/null
  usr-ct run --rm two sh -c 'cd /fixture; ls opaque; ls links; stat -c %a:%u:%g busybox-setuid owned/file; cat third' >seen
  printf 'b\nc\n4711:0:0\n640:55:66\nthird\n' | cmp - seen
  usr-ct create --name other two true >/dev/null
  usr-ct export other | tar --xattrs --xattrs-include='*' -tvv -f - fixture/busybox-capable | grep -q security.capability
}

@test "commit: the entry point stays one, also a given one" {
  usr-ct run --name box "$REGISTRY/entry" just this >/dev/null
  id=$(usr-ct commit box)
  [ "$(config_of "$id" | jq -c '[.config.Entrypoint, .config.Cmd]')" = '[["args","from entrypoint"],["just","this"]]' ]
  usr-ct run --name other --entrypoint echo "$REGISTRY/entry" hello >/dev/null
  id=$(usr-ct commit other)
  [ "$(config_of "$id" | jq -c '[.config.Entrypoint, .config.Cmd]')" = '[["echo"],["hello"]]' ]
  [ "$(usr-ct run --rm "$id")" = hello ]
}

@test "commit: --change" {
  usr-ct create --name box "$B" sh >/dev/null
  id=$(usr-ct commit -c 'CMD ["echo", "a b"]' -c 'ENV A=1 B="two words"' -c 'ENV OLD form of it' \
    -c 'EXPOSE 80 53/udp' -c 'LABEL x=y' -c 'USER app' -c 'VOLUME ["/data"]' -c 'WORKDIR /tmp' -c 'WORKDIR sub' \
    -c 'ONBUILD RUN true' -c 'STOPSIGNAL SIGUSR1' -c 'HEALTHCHECK --interval=5s --retries=2 CMD test -e /ok' box)
  got=$(config_of "$id" | jq -c '.config | [.Cmd, (.Env | map(select(startswith("PATH") | not))), (.ExposedPorts|keys),
    .Labels.x, .User, (.Volumes|keys), .WorkingDir, .OnBuild, .StopSignal, .Healthcheck]')
  [ "$got" = '[["echo","a b"],["A=1","B=two words","OLD=form of it"],["53/udp","80/tcp"],"y","app",["/data"],"/tmp/sub",["RUN true"],"SIGUSR1",{"Interval":5000000000,"Retries":2,"Test":["CMD-SHELL","test -e /ok"]}]' ] || {
    echo "$got"
    false
  }
  [ "$(usr-ct run --rm "$id")" = "a b" ]
  id=$(usr-ct commit --change 'ENTRYPOINT exec echo entry' box)
  [ "$(config_of "$id" | jq -c '[.config.Entrypoint, .config.Cmd]')" = '[["/bin/sh","-c","exec echo entry"],null]' ]
  run_ct -1 commit -c 'FROM x' box
  assert_error 1466 FROM
  run_ct -1 commit -c 'ENV' box
  assert_error 1466
  run_ct -1 commit -c 'EXPOSE http' box
  assert_error 1466
}

@test "commit: of a running container, paused meanwhile or not" {
  usr-ct run -d --name box "$B" sh -c 'echo x >/tmp/x; exec sleep 1000' >/dev/null
  has() { usr-ct diff box | grep -qx 'A /tmp/x'; }
  wait_until has
  usr-ct commit box with-pause >/dev/null
  usr-ct commit --pause=false box without >/dev/null
  usr-ct commit --pause box must >/dev/null
  is_state box running
  [ "$(usr-ct run --rm with-pause cat /tmp/x)" = x ]
}

@test "commit: skopeo and umoci take it in both forms" {
  needs_tools skopeo umoci
  usr-ct run --name box "$REGISTRY/layers" sh -c 'rm -r /fixture/opaque; mkdir /fixture/opaque; rm /bin/args
    truncate -s 100M /hole; echo text >/text'
  local form source layout=$XDG_DATA_HOME/usr-ct/oci
  for form in oci docker; do
    id=$(usr-ct commit -f "$form" box "local/out:$form")
    name=$(jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' "$layout/index.json" | grep ":$form\$")
    source=oci:$layout:$name
    skopeo inspect --config "$source" | jq -e .rootfs.diff_ids >/dev/null
    skopeo copy -q "$source" "oci:$PWD/layout:$form"
    umoci unpack --rootless --image "layout:$form" "bundle-$form"
    [ "$(cat "bundle-$form/rootfs/text")" = text ]
    [ ! -e "bundle-$form/rootfs/bin/args" ] && [ -z "$(ls "bundle-$form/rootfs/fixture/opaque")" ]
    [ "$(stat -c %s "bundle-$form/rootfs/hole")" = 104857600 ]
  done
  [ "$(usr-ct run --rm "$id" cat /text)" = text ]
  # For skopeo, which looks for nothing but OCI manifests in a layout, that has an OCI twin of it.
  manifest=$(grep -l distribution.manifest.v2+json "$layout"/blobs/sha256/*)
  [ "$(jq -r .config.digest "$manifest")" = "$id" ]
  [ "$(jq -r .mediaType "$manifest")" = application/vnd.docker.distribution.manifest.v2+json ]
}

@test "commit: what cannot be is told, and leaves nothing" {
  usr-ct create --name box "$B" true >/dev/null
  run_ct -1 commit nosuch
  assert_error 1401
  run_ct commit box 'Not A Name'
  assert_error 1201
  # fuse-overlayfs makes no such names.
  [[ ${USRCT_MOUNT_BACKEND:-} != fuse-overlayfs ]] || return 0
  usr-ct cp - box:/tmp < <(tar c --transform s/file/.wh.file/ -C "$BATS_TEST_DIRNAME" helpers.bash --transform 's/helpers.bash/.wh.x/')
  run_ct -1 commit box
  assert_error 1465 .wh.x
}
