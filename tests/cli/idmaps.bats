#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# idmaps - which ids containers have, and whose the files are
bats_require_minimum_version 1.5.0
load helpers

B=$REGISTRY/busybox

setup_file() {
  setup_store busybox layers
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

inside() { # OPTION... IMAGE COMMAND...
  run_ct run --rm --network none "$@"
}

# How many subordinate ids there are, with the user himself.
total_ids() {
  usr-ct unshare awk '{ n += $3 } END { print n }' /proc/self/uid_map
}

@test "idmaps: twenty users of images write into a mounted directory, and each file is yours" {
  local users=(1000 1000:1000 1000:0 app app:app worker worker:extra nobody nobody:nogroup 1234
    1 1:1 33:33 5:2000 999:app 65534 65534:65534 12345:54321 2 root:app)
  local n=0 mine
  mine="$(id -u):$(id -g)"
  "$BATS_TEST_DIRNAME/../fixtures/with-users.py" "$IMAGES/oci" busybox "$PWD/layout" "${users[@]}"
  mkdir shared
  for user in "${users[@]}"; do
    usr-ct pull "oci:$PWD/layout:u$n" >/dev/null
    usr-ct run --rm --network none -v ./shared:/shared "oci:$PWD/layout:u$n" \
      sh -c "touch /shared/$n && mkdir /shared/d$n && echo x >/shared/d$n/f && id -u >/shared/d$n/id"
    n=$((n + 1))
  done
  [ "$n" = 20 ]
  [ "$(find shared | wc -l)" = 81 ]
  find shared -printf '%U:%G %p\n' >owners
  run grep -v "^$mine " owners
  assert_output ""
  [ "$(cat shared/d0/id)" = 1000 ]
  [ "$(cat shared/d11/id)" = 1 ]
  [ "$(cat shared/d17/id)" = 12345 ]
  rm -r shared
}

@test "idmaps: without a mounted directory, and with host-root, root is you" {
  inside -u 1000 "$B" sh -c 'head -1 /proc/self/uid_map | tr -s " "'
  assert_output " 0 0 1"
  mkdir d
  inside -u 1000 -v ./d:/d --userns host-root "$B" sh -c 'head -1 /proc/self/uid_map | tr -s " "; ls -lnd /d | tr -s " " | cut -d" " -f3'
  assert_output $' 0 0 1\n0'
  inside -u 1000 --mount type=bind,source=./d,target=/d "$B" stat -c %u:%g /d
  assert_output 1000:1000
}

@test "idmaps: keep-id is you by your own number, and the image's files keep their owners" {
  inside --userns keep-id "$B" sh -c 'id -u; id -g; stat -c %u:%g / /bin/busybox /home/app /etc/hosts'
  assert_output "$(id -u)"$'\n'"$(id -g)"$'\n0:0\n0:0\n1000:1000\n0:0'
  inside --userns keep-id:uid=7,gid=8 "$B" sh -c 'id -u; id -g; touch /tmp/f; stat -c %u:%g /tmp/f /home/app'
  assert_output $'7\n8\n7:8\n1000:1000'
  inside --userns keep-id:uid=7 -u 0 "$B" sh -c 'id -u; chown 5:6 /tmp; stat -c %u:%g /tmp; cat /proc/self/uid_map | wc -l'
  assert_output $'0\n5:6\n3'
  inside --userns keep-id:size=5000 "$B" sh -c 'awk "{n += \$3} END {print n}" /proc/self/uid_map'
  assert_output 5000
}

@test "idmaps: the tree of another map is the image, bit by bit" {
  local list=$IMAGES/listing
  inside --userns keep-id -u 0 -v "$list:/listing:ro" "$REGISTRY/layers" sh /listing
  [ "$output" = "$(cat "$IMAGES/layers.expected")" ]
  inside --userns nomap -v "$list:/listing:ro" "$REGISTRY/layers" sh /listing
  [ "$output" = "$(cat "$IMAGES/layers.expected")" ]
  # A file capability works under it, too.
  inside --userns auto -u 1000 "$REGISTRY/layers" sh -c 'cp /fixture/busybox-capable /tmp/plain; getfattr -n security.capability /fixture/busybox-capable >/dev/null 2>&1; echo $?'
}

@test "idmaps: nomap leaves you out, auto gives ranges that nobody else has" {
  inside --userns nomap -v "$PWD:/d:ro" "$B" sh -c 'stat -c %u /d; awk "{print \$1, \$2}" /proc/self/uid_map'
  assert_output $'65534\n0 1'
  run_ct -0 create --name one --userns auto "$B" cat /proc/self/uid_map
  run_ct -0 create --name two --userns auto:size=2000 "$B" cat /proc/self/uid_map
  run_ct -0 create --name three --userns auto:size=1500,uidmapping=1400:0:1,gidmapping=1400:0:1 "$B" \
    sh -c 'cat /proc/self/uid_map'
  [ "$(usr-ct start -a one | tr -s ' ')" = " 0 1 1024" ]
  [ "$(usr-ct start -a two | tr -s ' ')" = " 0 1025 2000" ]
  [ "$(usr-ct start -a three | tr -s ' ' | head -2)" = $' 0 3025 1400\n 1400 0 1' ]
  usr-ct rm two >/dev/null
  run_ct -0 create --name four --userns auto "$B" cat /proc/self/uid_map
  [ "$(usr-ct start -a four | tr -s ' ')" = " 0 1025 1024" ]
  run_ct -1 create --userns auto:size="$(total_ids)" "$B" true
  assert_error 1707
}

@test "idmaps: fifty containers made at once, and no id twice" {
  for i in {1..50}; do
    usr-ct create --name "auto$i" --userns auto "$B" true >/dev/null 2>"err$i" &
  done
  wait
  usr-ct inspect --format '{{range .HostConfig.IDMappings.UidMap}}{{.}}{{end}}' auto{1..50} | sort -t: -k2n >maps
  [ "$(wc -l <maps)" = 50 ]
  awk -F: '$2 < end { bad = 1 } { end = $2 + $3 } END { exit bad }' maps || fail "$(cat maps)"
}

@test "idmaps: --uidmap and --gidmap" {
  inside --uidmap 0:1:2000 "$B" cat /proc/self/uid_map /proc/self/gid_map
  [ "$(tr -s ' ' <<<"$output")" = $' 0 1 2000\n 0 1 2000' ]
  inside --uidmap 0:1:2000 --gidmap 0:0:5000 "$B" cat /proc/self/gid_map
  [ "$(tr -s ' ' <<<"$output")" = $' 0 0 1\n 1 1 4999' ]
  inside --uidmap +1000:0 -u 1000 -v "$PWD:/d" "$B" touch /d/mine
  [ "$(stat -c %u:%g mine)" = "$(id -u):$(id -g)" ]
  inside --uidmap "+u1000:@$(id -u)" -u 1000 "$B" sh -c 'sed -n 2p /proc/self/uid_map; wc -l </proc/self/gid_map'
  [ "$(tr -s ' ' <<<"$output")" = $' 1000 0 1\n2' ]
  run_ct -125 run --rm --uidmap 1000:0 "$B" true
  assert_error 1712
  run_ct -125 run --rm --uidmap 0:0,0:5 "$B" true
  assert_error 1705
  run_ct -125 run --rm --uidmap nonsense "$B" true
  assert_error 1705 INSIDE:OUTSIDE
  run_ct -125 run --rm --uidmap 0:0:4000000000 "$B" true
  assert_error 1706
  run_ct -125 run --rm --uidmap 0:@1:1 "$B" true
  assert_error 1706
  if [[ $(usr-ct info --format '{{.StorageDriver}} {{.MountBackend}}') == "objects overlay" ]]; then
    run_ct -125 run --rm --uidmap 0:1:10 "$B" true
    assert_error 1710 home/app
  elif [[ ${USRCT_MOUNT_BACKEND:-} == copy ]]; then # here the file's number is one of the container's outside
    run_ct -125 run --rm --uidmap 0:500:600 "$B" true
    assert_error 1710
    inside --uidmap 0:1:10 "$B" stat -c %u /home/app
    assert_output 65534
  else # fuse-overlayfs shows it, as the kernel shows any file of a foreign id
    inside --uidmap 0:1:10 "$B" stat -c %u /home/app
    assert_output 65534
  fi
  run_ct -125 run --rm --userns keep-id --uidmap 0:0 "$B" true
  assert_error 1131
}

@test "idmaps: --subuidname and --subgidname are for one's own ranges" {
  inside --subuidname "$(id -un)" --subgidname "$(id -un)" "$B" cat /proc/self/uid_map
  [ "$(tr -s ' ' <<<"$output")" = " 0 1 $(($(total_ids) - 1))" ]
  run_ct -125 run --rm --subuidname root "$B" true
  assert_error 1121 root
}

@test "idmaps: modes that are wrong or senseless here are refused by name" {
  for u in nonsense keep-id:uid=x "keep-id:uid=1,size=," auto:uid=5 nomap:size=5 container: host:1; do
    run_ct -125 run --rm --userns "$u" "$B" true
    assert_error 1102 "$u"
  done
  run_ct -125 run --rm --userns ns:/proc/1/ns/user "$B" true
  assert_error 1121 ns:
  run_ct -125 run --rm --userns container:nobody-knows "$B" true
  assert_error 1401
}

@test "idmaps: container:NAME is in the other's user namespace" {
  run_ct -0 run -d --name first --network none --userns keep-id "$B" sleep 1000
  run_ct -0 run -d --name second --network none --userns container:first "$B" sleep 1000
  [ "$(usr-ct exec first readlink /proc/self/ns/user)" = "$(usr-ct exec second readlink /proc/self/ns/user)" ]
  [ "$(usr-ct exec first readlink /proc/self/ns/pid)" != "$(usr-ct exec second readlink /proc/self/ns/pid)" ]
  [ "$(usr-ct exec second cat /proc/self/uid_map)" = "$(usr-ct exec first cat /proc/self/uid_map)" ]
  run_ct -0 exec -u 0 second sh -c 'id -u; mount -t tmpfs x /mnt 2>/dev/null || hostname'
  run_ct -0 stop -t 0 first
  # The namespace lives as long as somebody is in it.
  [ "$(usr-ct exec second stat -c %u /home/app)" = 1000 ]
  run_ct -0 stop -t 0 second
  run_ct -1 start second
  assert_error 1708 first
  run_ct -0 start first
  run_ct -0 start second
}

@test "idmaps: a map stays for exec, cp, export, commit and the next start" {
  run_ct -0 run -d --name box --network none --userns keep-id:uid=1000,gid=1000 "$B" sleep 1000
  run_ct -0 exec box sh -c 'id -u; echo x >/tmp/own; echo out >/dev/stderr'
  assert_output 1000
  run_ct -0 exec -u 5 box touch /tmp/five
  echo data >file
  run_ct -0 cp file box:/tmp/copied
  run_ct -0 exec box stat -c '%n %u:%g' /tmp/own /tmp/five /tmp/copied
  assert_output $'/tmp/own 1000:1000\n/tmp/five 5:0\n/tmp/copied 0:0'
  usr-ct export box | tar tvf - --numeric-owner >list
  grep -q ' 5/0 .* tmp/five' list && grep -q ' 1000/1000 .* tmp/own' list && grep -q ' 0/0 .* bin/busybox' list
  run_ct -0 stop -t 0 box
  [ "$(usr-ct cp box:/tmp/five - | tar tvf - --numeric-owner | cut -d' ' -f2)" = 5/0 ]
  run_ct -0 commit box kept:1
  run_ct -0 start box
  run_ct -0 exec box stat -c '%n %u:%g' /tmp/five
  assert_output "/tmp/five 5:0"
  inside -u 0 kept:1 stat -c '%n %u:%g' /tmp/own /tmp/five /tmp/copied
  assert_output $'/tmp/own 1000:1000\n/tmp/five 5:0\n/tmp/copied 0:0'
  usr-ct rm -f box >/dev/null
  usr-ct rmi kept:1 >/dev/null
}

@test "idmaps: layers with fixed owners are shifted by fuse-overlayfs or copied, or it is said why not" {
  local fuse=1
  [[ ${USRCT_MOUNT_BACKEND:-} != copy ]] || fuse=0 # a copy has the ids
  usr-ct run --name made --network none "$B" sh -c 'mkdir /srv; echo x >/srv/f; chown -R 1000:1000 /srv' >/dev/null
  usr-ct commit made fixed:1 >/dev/null
  usr-ct rm made >/dev/null
  for u in keep-id auto nomap; do
    inside --userns "$u" -u 0 fixed:1 sh -c 'stat -c %u:%g /srv/f /home/app /bin/busybox; grep -c " / / .* fuse " /proc/self/mountinfo; echo y >>/srv/f'
    assert_output $'1000:1000\n1000:1000\n0:0\n'$fuse
  done
  mkdir d
  inside -u 1000 -v ./d:/d fixed:1 touch /d/mine
  [ "$(stat -c %u d/mine)" = "$(id -u)" ]
  run env USRCT_MOUNT_BACKEND=overlay usr-ct run --rm --userns keep-id fixed:1 true
  assert_status 125
  assert_has "$output" UCT-1709
  usr-ct rmi fixed:1 >/dev/null
}

@test "idmaps: tools of an image are for containers that may read your files" {
  run_ct -0 run -d --name box --network none --userns keep-id "$B" sleep 1000
  run_ct -0 exec --tools "$B" box sh -c 'ls -d /container/home/app'
  run_ct -0 run -d --name other --network none --userns auto "$B" sleep 1000
  run_ct -125 exec --tools "$B" other true
  assert_error 1121 other
  mkdir one
  echo 1 >one/f
  run_ct -0 mount add other ./one:/x:ro
  [ "$(usr-ct exec other cat /x/f)" = 1 ]
}

@test "idmaps: inspect, ps and info tell the map" {
  run_ct -0 run -d --name box --network none --userns keep-id "$B" sleep 1000
  [ "$(inspect_field box .HostConfig.UsernsMode)" = keep-id ]
  [ "$(inspect_field box '.HostConfig.IDMappings.UidMap[1]')" = "$(id -u):0:1" ]
  [ "$(inspect_field box .Config.User)" = "$(id -u):$(id -g)" ]
  run_ct -0 ps --format '{{.Names}} {{.Userns}}'
  assert_output "box keep-id"
  run_ct -0 info --format '{{json .IDMappings}}'
  [ "$(jq -r '.uidmap[0].host_id' <<<"$output")" = "$(id -u)" ]
}

@test "idmaps: a private network works under each map, and so do volumes that only root may see" {
  mkdir -m 700 closed
  echo secret >closed/f
  for u in keep-id auto nomap; do
    run_ct -0 run --rm --userns "$u" -v "$PWD/closed:/c" "$B" sh -c 'ip -4 addr show tap0 | grep -c inet; test -d /c'
    assert_output 1
  done
}

@test "idmaps: under keep-id the user has a name, in files that are the container's" {
  local me
  me=$(id -un)
  inside --userns keep-id "$B" sh -c 'id -un; id -gn; tail -1 /etc/passwd; ls -ln /etc/passwd | tr -s " " | cut -d" " -f3'
  assert_output "$me
$(id -gn)
$me:x:$(id -u):$(id -g):$(getent passwd "$me" | cut -d: -f5):/:/bin/sh
0"
  inside --userns keep-id --read-only -w /tmp "$B" sh -c 'id -un; echo $HOME'
  assert_output "$me
/tmp"
  inside --userns keep-id:uid=4000,gid=5000 "$B" id -un
  assert_output "$me"
  inside --userns keep-id --passwd=false "$B" id -u
  assert_output "$(id -u)"
  run_ct -1 run --rm --network none --userns keep-id --passwd=false "$B" id -un
  # Home is where it is mounted; a second start adds nothing.
  mkdir home
  usr-ct run --name twice --network none --userns keep-id -v "$PWD/home:$HOME" "$B" sh -c 'echo $HOME; grep -c ":/bin/sh$" /etc/passwd' >first
  usr-ct start -a twice >second
  diff first second
  [ "$(head -1 first)" = "$HOME" ]
  usr-ct diff twice | grep -qx 'C /etc/passwd'
  usr-ct rm twice
  # One that is mounted there is not ours to change.
  cp /etc/passwd mine
  inside --userns keep-id -v ./mine:/etc/passwd "$B" true
  cmp /etc/passwd mine
}

@test "idmaps: lines of passwd and group for others, and of one's own making" {
  inside --hostuser root --hostuser "$(id -un)" --user "$(id -un)" "$B" id -u
  assert_output "$(id -u)"
  inside --user 4321:99 --passwd "$B" sh -c 'tail -1 /etc/passwd'
  assert_output "4321:x:4321:99:container user:/:/bin/sh"
  run_ct -1 run --rm --network none --user 4321:99 "$B" grep -c ^4321: /etc/passwd
  inside --userns keep-id --passwd-entry 'fred:*:$UID:0:Fred:$HOME:/bin/true' --group-entry 'flint:x:$GID:fred' "$B" sh -c 'id -un; id -gn'
  assert_output $'fred\nflint'
  run_ct -125 run --rm --network none --userns keep-id --passwd-entry $'a:x:1:1\nroot2:x:0:0' "$B" true
  assert_error 1102 "one line"
  run_ct -125 run --rm --network none --hostuser no-such-user-here "$B" true
  assert_error 1102 "no such user"
  [ -z "$(usr-ct ps -aq)" ]
}
