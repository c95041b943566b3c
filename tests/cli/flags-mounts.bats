#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# flags-mounts - what is mounted: -v, --mount, --tmpfs, --device, --secret, --read-only, --shm-size
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
  mkdir src
  echo content >src/file
}
teardown() {
  remove_all_and_check
}

inside() { # FLAG... IMAGE COMMAND...
  run_ct run --rm --network none "$@"
}

# --- -v

@test "mounts: -v with options that the kernel shows" {
  inside -v ./src:/a:ro,nosuid,nodev,noexec -v ./src:/b:z -v ./src:/c:rw,Z,cached "$B" \
    sh -c 'grep " /[abc] " /proc/mounts; touch /b/new /c/new; touch /a/new'
  assert_status 1
  assert_has "$stderr" "Read-only"
  [[ $output =~ ' /a '[^$'\n']*ro,nosuid,nodev,noexec ]] || fail "$output"
  [[ -e src/new ]]
}

@test "mounts: -v is private by default, and a slave if that is asked for" {
  inside -v ./src:/a -v ./src:/b:rslave "$B" cat /proc/self/mountinfo
  assert_lacks "$(grep ' /a ' <<<"$output")" master:
  # Where the source's own mount is shared on this machine, the slave says so.
  if grep -q " shared:" <(grep " $(df --output=target . | tail -1) " /proc/self/mountinfo | tail -1); then
    assert_has "$(grep ' /b ' <<<"$output")" master:
  fi
}

@test "mounts: -v options that cannot work are refused with the reason" {
  for o in nocopy shared rshared idmap; do
    inside -v "./src:/a:$o" "$B" true
    assert_status 125
    assert_error 1121 "$o"
  done
  inside -v ./src:/a:nosuchoption "$B" true
  assert_error 1103
  inside -v na/med:/a "$B" true
  assert_error 1333 "for a directory write ./na/med"
  inside -v ./src:/a/../b "$B" true
  assert_error 1103
  inside -v ./missing:/a "$B" true
  assert_error 1104
  inside -v ./src:/a -v ./src:/a/ "$B" true
  assert_error 1103 "two mounts"
}

@test "mounts: deeper targets go over shallow ones, whatever the order of the flags" {
  mkdir deep
  echo deep >deep/x
  inside -v ./deep:/m/sub -v ./src:/m:ro --tmpfs /m2 -v ./deep:/m2/sub "$B" cat /m/file /m2/sub/x
  assert_status 1 || assert_has "$stderr" "m/sub"
  mkdir src/sub
  inside -v ./deep:/m/sub -v ./src:/m --tmpfs /m2 -v ./deep:/m2/sub "$B" cat /m/file /m/sub/x /m2/sub/x
  assert_output $'content\ndeep\ndeep'
}

# --- --mount

@test "mounts: --mount type=bind, its spellings, and a path with a comma in quotes" {
  mkdir 'with,comma'
  echo c >'with,comma/f'
  inside --mount type=bind,source=./src,target=/a,readonly --mount type=bind,src=./src,dst=/b \
    --mount "type=bind,\"src=./with,comma\",destination=/c,ro=true,bind-propagation=rslave,relabel=shared,consistency=cached" \
    "$B" sh -c 'cat /a/file /b/file /c/f; touch /b/n; touch /a/n'
  assert_status 1
  assert_output $'content\ncontent\nc'
  [[ -e src/n ]]
}

@test "mounts: --mount type=tmpfs with size and mode; type=volume with a path is a bind" {
  inside --mount type=tmpfs,target=/t,tmpfs-size=2m,tmpfs-mode=0700 --mount type=volume,src=./src,dst=/v \
    --mount type=ramfs,dst=/r "$B" sh -c 'stat -c %a /t; df -k /t | tail -1 | tr -s " " | cut -d" " -f2; cat /v/file; grep -c "/r ramfs" /proc/mounts'
  assert_output $'700\n2048\ncontent\n1'
}

@test "mounts: --mount that is wrong, or cannot work" {
  for m in type=bind,src=./src type=bind,dst=/a type=nosuch,dst=/a src=./src,dst=/a,nosuch=1 \
    type=tmpfs,dst=/a,tmpfs-size=x 'type=bind,"src=./src,dst=/a' type=bind,src=./src,dst=/; do
    inside --mount "$m" "$B" true
    assert_status 125
    assert_error 1103
  done
  for m in type=cluster,src=x,dst=/a type=npipe,src=./src,dst=/a type=bind,src=./src,dst=/a,idmap \
    type=tmpfs,dst=/a,idmap type=bind,src=./src,dst=/a,bind-propagation=rshared; do
    inside --mount "$m" "$B" true
    assert_status 125
    assert_error 1121
  done
}

@test "mounts: bind-nonrecursive works where nothing is below, and is told where something is" {
  inside --mount type=bind,src=./src,dst=/a,bind-nonrecursive "$B" cat /a/file
  assert_output content
  inside -v /dev:/a:bind "$B" true
  assert_status 125
  assert_error 1121 "/dev"
}

# --- --tmpfs, --shm-size, --read-only

@test "mounts: --tmpfs takes options, and Docker's defaults can be taken back" {
  inside --tmpfs /a --tmpfs /b:exec,size=1m,mode=0750,uid=1000 "$B" sh -c 'grep " /[ab] " /proc/mounts; stat -c "%a %u" /a /b'
  assert_has "$(grep ' /a ' <<<"$output")" noexec
  assert_lacks "$(grep ' /b ' <<<"$output")" noexec
  assert_has "$output" $'1777 0\n750 1000'
  inside --tmpfs /a:nosuch "$B" true
  assert_error 1103
  inside --tmpfs a "$B" true
  assert_error 1103
}

@test "mounts: --shm-size" {
  inside --shm-size 3m "$B" sh -c 'df -k /dev/shm | tail -1 | tr -s " " | cut -d" " -f2'
  assert_output 3072
  inside --shm-size x "$B" true
  assert_error 1102
  inside --ipc host --shm-size 3m "$B" true
  assert_error 1131
}

@test "mounts: --read-only alone, and with writable scratch directories" {
  inside --read-only "$B" touch /tmp/x
  assert_status 1
  inside --read-only --read-only-tmpfs "$B" sh -c 'touch /tmp/x /run/x /var/tmp/x && touch /x'
  assert_status 1
  assert_has "$stderr" "/x: Read-only"
  assert_lacks "$stderr" tmp
}

@test "mounts: --tz brings the host's zone, local is the host's own" {
  [[ -e /usr/share/zoneinfo/Asia/Tokyo ]] || skip "no time zones on this machine"
  inside --tz Asia/Tokyo "$B" date +%Z
  assert_output JST
  [[ ! -e /etc/localtime ]] || { inside --tz local "$B" date +%z; assert_output "$(date +%z)"; }
  inside --tz Nowhere/None "$B" true
  assert_error 1130
  inside --tz ../../etc/passwd "$B" true
  assert_error 1130
}

# --- devices

@test "mounts: --device gives a node that the user may open, under another name too" {
  [[ -r /dev/fuse && -w /dev/fuse ]] || skip "no /dev/fuse for this user"
  inside --device /dev/fuse --device /dev/fuse:/dev/other:rwm "$B" sh -c 'test -c /dev/fuse && test -c /dev/other && : <>/dev/other && echo opened'
  assert_output opened
}

@test "mounts: --device that is not usable is told" {
  inside --device /dev/nosuch "$B" true
  assert_status 125
  assert_error 1125
  inside --device /etc/hosts "$B" true
  assert_error 1125 "not a device"
  inside --device /dev/null:/dev/x:r "$B" true
  assert_error 1125 "device cgroup"
  inside --device /dev/null:/dev/x:q "$B" true
  assert_error 1102
  inside --device vendor.example/class=gpu0 "$B" true
  assert_error 1125
  assert_has "$stderr" "Container Device Interface"
  if [[ -e /dev/mem && ! -r /dev/mem ]]; then
    inside --device /dev/mem "$B" true
    assert_error 1125 "may not open"
  fi
}

# --- secrets

@test "mounts: --secret is a file in memory, mode 0400, of the program's user" {
  echo hush >key
  inside --secret id=key,src=./key "$B" sh -c 'cat /run/secrets/key; stat -c "%a %u" /run/secrets/key; grep " /run/secrets " /proc/mounts; touch /run/secrets/new'
  assert_status 1
  assert_has "$output" $'hush\n400 0\n'
  assert_has "$output" "tmpfs ro,"
  inside --user app --secret id=key,src=./key "$B" cat /run/secrets/key
  assert_output hush
  inside --secret id=key,src=./key,target=/etc/deep/key,uid=7,gid=8,mode=0440 "$B" sh -c 'cat /etc/deep/key; stat -c "%a %u %g" /etc/deep/key'
  assert_output $'hush\n440 7 8'
}

@test "mounts: --secret from a variable, as a variable, and one that is kept" {
  export TOKEN=from-a-variable
  inside --secret id=t,env=TOKEN --secret id=t2,env=TOKEN,type=env,target=INSIDE "$B" sh -c 'cat /run/secrets/t; echo " $INSIDE"'
  assert_output "from-a-variable from-a-variable"
  mkdir -p "$XDG_CONFIG_HOME/usr-ct/secrets"
  echo kept >"$XDG_CONFIG_HOME/usr-ct/secrets/db"
  chmod 644 "$XDG_CONFIG_HOME/usr-ct/secrets/db"
  inside --secret db "$B" cat /run/secrets/db
  assert_error 1126 "others may read"
  chmod 600 "$XDG_CONFIG_HOME/usr-ct/secrets/db"
  inside --secret db,target=password "$B" cat /run/secrets/password
  assert_output kept
}

@test "mounts: a secret's value is in no document, no log, and not in inspect; it outlives the variable" {
  echo filesecretvalue >key
  TOKEN=varsecretvalue run_ct -0 create --network none --name sec --secret id=a,env=TOKEN --secret id=b,src=./key \
    --secret id=c,src=./key,type=env,target=C "$B" sh -c 'test ${#C} = 16 && cat /run/secrets/a /run/secrets/b | wc -c'
  dir=$(inspect_field sec .Directory)
  run grep -rl -e filesecretvalue -e varsecretvalue "$dir/config.json" "$dir/launch.json"
  assert_status 1
  assert_lacks "$(usr-ct inspect sec)" secretvalue
  run_ct -0 start -a sec
  assert_output 30
  assert_lacks "$(usr-ct logs sec)" secretvalue
  [ "$(stat -c %a "$dir"/secret-0)" = 600 ]
  # From its file it is read at each start.
  rm key
  run_ct start -a sec
  assert_error 1126 b
}

@test "mounts: --secret that is wrong" {
  for s in '' '=x' id=a id=../x,src=./src/file id=a,src=./nosuch id=a,env=NOSUCHVARIABLE; do
    inside --secret "$s" "$B" true
    assert_status 125
    [[ $stderr == *UCT-1126* || $stderr == *UCT-1102* ]] || fail "$stderr"
  done
  for s in id=a,src=./src/file,nosuch=1 id=a,src=./src/file,mode=9 id=a,src=./src/file,uid=x \
    id=a,src=./src/file,type=x id=a,src=./src/file,type=env,target=A-B id=a,src=./src/file,target=x/y \
    id=a,src=./src/file,env=HOME; do
    inside --secret "$s" "$B" true
    assert_status 125
    assert_error 1102
  done
}
