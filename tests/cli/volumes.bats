#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# volumes - volume create, ls, inspect, rm, prune, export, import, snapshot, reload; -v and --mount
# with volumes, images and overlays; --volumes-from
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox
  # An image with something at a place, and a volume declared there.
  usr-ct run --name maker --network none "$REGISTRY/busybox" sh -c \
    'mkdir -p /seed/sub /empty; echo one >/seed/file; chown 7:8 /seed/file; chmod 640 /seed/file;
     ln /seed/file /seed/hard; ln -s file /seed/soft; mkfifo /seed/pipe; chown 9:9 /seed /empty; chmod 750 /seed /empty'
  usr-ct commit --change 'VOLUME /seed' maker declares >/dev/null
  usr-ct commit maker plain >/dev/null
  usr-ct rm maker >/dev/null
}
teardown_file() {
  teardown_store
}
setup() {
  B=$REGISTRY/busybox
  cd "$BATS_TEST_TMPDIR"
  mkdir src
  echo content >src/file
  V=$XDG_DATA_HOME/usr-ct/volumes
}
teardown() {
  remove_all
  usr-ct volume rm -a >/dev/null
  assert_nothing_left
}

inside() { # FLAG... IMAGE COMMAND...
  run_ct run --rm --network none "$@"
}

remove_all() {
  usr-ct ps -aq | xargs -r usr-ct rm -fv >/dev/null
}

# --- the commands

@test "volumes: create, ls, inspect, exists, rm as Docker and podman print them" {
  run_ct -0 volume create --label app=shop --label tier data
  assert_output data
  run_ct -0 volume create data # is no error, and changes nothing
  run_ct -0 volume create
  anonymous=$output
  [[ $anonymous =~ ^[0-9a-f]{64}$ ]]
  run_ct -0 volume ls
  assert_output "DRIVER    VOLUME NAME
$(printf 'local     %s\n' "$anonymous" data | LC_ALL=C sort)"
  run_ct -0 volume ls -q --filter label=app=shop --filter name=^da
  assert_output data
  run_ct -0 volume ls --filter 'label!=app' --format '{{.Name}} {{.Driver}} {{.Scope}} {{.Anonymous}} {{.Label "app"}}'
  assert_output "$anonymous local local true "
  run_ct -0 volume ls --filter name=data --format '{{.Label "app"}} {{.Mountpoint}} {{.Labels}}'
  assert_output "shop $V/data/_data app=shop,tier="
  run_ct -0 volume inspect -f '{{.Name}} {{.Driver}} {{.Scope}} {{.Mountpoint}} {{index .Labels "app"}} {{.MountCount}}' data
  assert_output "data local local $V/data/_data shop 0"
  run_ct -0 inspect --type volume -f '{{.Name}}' data
  run_ct -0 inspect -f '{{.Name}}' data
  assert_output data
  [ "$(stat -c %a "$V/data") $(stat -c %a "$V/data/_data")" = "700 755" ]
  run_ct -0 volume exists data
  run_ct -1 volume exists nosuch
  assert_output ""
  run_ct -0 volume rm data "$anonymous"
  assert_output "data"$'\n'"$anonymous"
  run_ct -1 volume rm data
  assert_error 1330
  run_ct -0 volume rm -f data
  run_ct -1 volume inspect data
  assert_error 1330
  run_ct -0 volume ls -q
  assert_output ""
}

@test "volumes: names, drivers and options that cannot be are refused with a reason" {
  for n in .x -x a/b "a b" "$(printf 'a%.0s' {1..256})"; do
    run_ct volume create -- "$n"
    assert_error 1333
  done
  run_ct volume create -d sshfs x
  assert_error 1335 sshfs
  for o in "type=nfs" "type=ext4" "type=btrfs" "size=10m" "nosuch=1" "device=/x" "type=none"; do
    run_ct volume create -o "$o" x
    assert_error 1334 "${o%%=*}"
  done
  run_ct volume create -o type=tmpfs -o o=nosuch x
  assert_error 1103 nosuch
  run_ct -0 volume ls -q
  assert_output ""
  run_ct volume ls --filter nosuch=1
  assert_error 1109
}

@test "volumes: one that a container has is not removed, with or without -f" {
  run_ct -0 create --name ct --network none -v data:/d "$B" true
  run_ct -1 volume rm data
  assert_error 1332 "$(usr-ct ps -aq)"
  run_ct -1 volume rm -f data
  assert_error 1332
  run_ct -0 volume ls -q -f dangling=true
  assert_output ""
  run_ct -0 ps -a --filter volume=data --format '{{.Names}} {{.Mounts}} {{.LocalVolumes}}'
  assert_output "ct data 1"
  run_ct -0 rm -v ct # a named one stays
  run_ct -0 volume ls -q -f dangling=true
  assert_output data
  run_ct -0 volume rm data
}

@test "volumes: prune takes anonymous ones, with --all all that no container has" {
  usr-ct volume create keep >/dev/null
  usr-ct volume create --label go=1 go >/dev/null
  usr-ct create --name ct --network none -v used:/u -v /anon "$B" true >/dev/null
  left=$(usr-ct volume create)
  run_ct -0 volume prune -f
  assert_has "$output" "Deleted Volumes:"$'\n'"$left"
  assert_has "$output" "Total reclaimed space:"
  run_ct -0 volume prune -af --filter label=go=1
  assert_has "$output" go
  [ "$(usr-ct volume ls -q | wc -l)" = 3 ]
  run_ct -0 volume prune -f --filter all=true
  run_ct -0 volume ls -q --filter anonymous=false
  assert_output used
}

@test "volumes: export and import keep owners, modes and links; an archive leads nowhere else" {
  inside -v data:/d "$B" sh -c 'echo x >/d/f; chown 5:6 /d/f; chmod 4755 /d/f; ln -s f /d/l; mkdir -m 700 /d/sub; ln -s /etc /d/out'
  run_ct -0 volume export -o data.tar data
  run_ct -0 volume create copy
  run_ct -0 volume import copy data.tar
  inside -v copy:/c "$B" sh -c 'stat -c "%n %a %u %g" /c/f /c/sub; readlink /c/l'
  assert_output $'/c/f 4755 5 6\n/c/sub 700 0 0\nf'
  # A link in the volume, and a name with .. in the archive.
  mkdir -p evil/out && echo evil >evil/out/usrct-evil && tar -C evil -cf evil.tar out/usrct-evil
  run_ct volume import copy evil.tar
  [ ! -e /etc/usrct-evil ]
  python3 - <<'PY'
import tarfile, io
t = tarfile.open("up.tar", "w")
i = tarfile.TarInfo("../../../../usrct-evil"); i.size = 1
t.addfile(i, io.BytesIO(b"x"))
PY
  run_ct volume import copy up.tar
  [ -z "$(find "$FILE_DIR" -name usrct-evil -not -path "*/copy/_data/*")" ]
  run_ct volume import copy <<<"no archive"
  [ "$status" != 0 ]
  run_ct -1 volume export nosuch
  assert_error 1330
  usr-ct volume export data | gzip | usr-ct volume import copy
}

@test "volumes: snapshot is another volume with the same contents" {
  inside -v data:/d "$B" sh -c 'echo x >/d/f; chown 5:6 /d/f; ln /d/f /d/hard; mkfifo /d/p; dd if=/dev/zero of=/d/sparse bs=1 count=1 seek=10M 2>/dev/null'
  run_ct -0 volume snapshot --label new=1 data snap
  assert_output snap
  inside -v data:/d "$B" sh -c 'echo y >/d/f'
  inside -v snap:/s "$B" sh -c 'cat /s/hard; stat -c "%u %g %h" /s/f; stat -c %F /s/p; [ $(stat -c %b /s/sparse) -lt 1000 ] && echo sparse'
  assert_output $'x\n5 6 2\nfifo\nsparse'
  run_ct -0 volume ls -q --filter label=new
  assert_output snap
  run_ct -1 volume snapshot data snap
  assert_error 1331
  run_ct -1 volume snapshot nosuch x
  assert_error 1330
}

@test "volumes: reload finds directories that the index lost, and drops what vanished" {
  usr-ct volume create --label a=b known >/dev/null
  usr-ct volume create gone >/dev/null
  mkdir -p "$V/found/_data"
  mv "$V/gone" "$BATS_TEST_TMPDIR"
  run_ct -0 volume ls -q
  assert_output known # the directory decides
  cp -r "$V/known" "$V/twin"
  run_ct -0 volume reload
  assert_has "$output" $'Removed:\ngone'
  assert_has "$output" $'Added:'
  assert_has "$output" found
  run_ct -0 volume ls -q --filter label=a=b
  assert_output $'known\ntwin'
  run_ct -0 volume reload
  assert_output ""
}

@test "volumes: events tell of them" {
  since=$(date +%s)
  usr-ct volume create ev >/dev/null
  usr-ct volume rm ev >/dev/null
  run_ct -0 events --since "$since" --until "$(($(date +%s) + 1))" --filter type=volume --filter volume=ev --format '{{.Action}}'
  assert_output $'create\ndestroy'
}

@test "volumes: events of their use, as Docker has them, and of pruning" {
  since=$(date +%s)
  id=$(usr-ct create --name ct --network none -v evs:/d:ro -v /nameless --mount type=bind,source=/usr,target=/u "$B" true)
  run_ct -0 start -a ct
  usr-ct rm -v ct >/dev/null
  usr-ct volume prune -af >/dev/null
  usr-ct events --since "$since" --until "$(($(date +%s) + 1))" --format json |
    jq -c 'select(.Type == "volume" and (.Action | test("mount|prune")))' >told
  [ "$(jq -r .Action told | paste -sd ' ')" = "mount mount unmount unmount prune" ]
  jq -se "map(select(.Actor.ID == \"evs\" and .Action == \"mount\"))[0].Actor.Attributes ==
    {container: \"$id\", destination: \"/d\", driver: \"local\", propagation: \"\", \"read/write\": \"false\"}" <told
  jq -se "map(select(.Actor.ID == \"evs\" and .Action == \"unmount\"))[0].Actor.Attributes ==
    {container: \"$id\", driver: \"local\"}" <told
  jq -se 'last | .Actor.Attributes.reclaimed | tonumber >= 0' told
}

# --- in containers

@test "volumes: a missing one is made; its files stay, with owners and for other containers" {
  inside -v data:/d "$B" sh -c 'echo hi >/d/f; chown 5:6 /d/f'
  inside -v data:/e:ro "$B" sh -c 'cat /e/f; stat -c "%u %g" /e/f; touch /e/g'
  assert_status 1
  assert_output $'hi\n5 6'
  assert_has "$stderr" "Read-only"
}

@test "volumes: the first use copies what the image has there, once, as it is" {
  inside -v data:/seed plain sh -c 'stat -c "%n %a %u %g %h" /seed /seed/file; cat /seed/hard; readlink /seed/soft; stat -c %F /seed/pipe; rm /seed/*'
  assert_output $'/seed 750 9 9 3\n/seed/file 640 7 8 2\none\nfile\nfifo'
  inside -v data:/seed plain ls /seed # emptied on purpose: stays so
  assert_output "sub"
  inside -v no:/seed:nocopy plain ls /seed
  assert_output ""
  inside --mount src=no2,dst=/seed,volume-nocopy plain ls /seed
  assert_output ""
  inside -v mine:/empty plain stat -c '%a %u' /empty # owner and mode of an empty place
  assert_output "750 9"
  inside -v mine:/seed plain cat /seed/file # it still waits for contents
  assert_output one
}

@test "volumes: two containers that fill the same volume at once" {
  for i in 1 2 3 4; do
    usr-ct run -d --name "c$i" --network none -v data:/seed plain sh -c 'cat /seed/file' >/dev/null &
  done
  wait
  for i in 1 2 3 4; do
    [ "$(usr-ct wait "c$i")" = 0 ]
    [ "$(usr-ct logs "c$i")" = one ]
  done
}

@test "volumes: a copy that was killed is done again, or finished" {
  usr-ct volume create half >/dev/null
  mkdir "$V/half/copy"
  echo broken >"$V/half/copy/file"
  inside -v half:/seed plain cat /seed/file
  assert_output one
  usr-ct volume create late >/dev/null
  mkdir "$V/late/ready"
  echo moved >"$V/late/_data/a"
  echo waiting >"$V/late/ready/b"
  inside -v late:/seed plain sh -c 'cat /seed/*'
  assert_output $'moved\nwaiting'
  [ ! -e "$V/late/fresh" ] && [ ! -e "$V/late/ready" ] && [ ! -e "$V/half/copy" ]
}

@test "volumes: anonymous ones go with --rm and rm -v, but not with rm" {
  inside -v /anon "$B" sh -c 'echo x >/anon/f'
  run_ct -0 volume ls -q
  assert_output ""
  usr-ct create --name ct --network none -v /anon "$B" true >/dev/null
  usr-ct rm ct >/dev/null
  [ "$(usr-ct volume ls -q | wc -l)" = 1 ]
  usr-ct volume prune -f >/dev/null
  usr-ct create --name ct --network none -v /anon "$B" true >/dev/null
  usr-ct create --name de --network none --volumes-from ct "$B" true >/dev/null
  usr-ct rm -v ct >/dev/null # d has it too
  [ "$(usr-ct volume ls -q | wc -l)" = 1 ]
  usr-ct rm -v de >/dev/null
  run_ct -0 volume ls -q
  assert_output ""
  usr-ct run -d --rm --name ee --network none -v /anon "$B" true >/dev/null
  wait_until eval '[[ -z $(usr-ct ps -aq) ]]'
  wait_until has_no_volumes
}

has_no_volumes() {
  usr-ct volume prune -f >/dev/null # any command that writes
  [ -z "$(ls "$V")" ]
}

@test "volumes: what an image declares becomes anonymous volumes, or what --image-volume says" {
  usr-ct create --name ct --network none declares cat /seed/file >/dev/null
  run_ct -0 inspect -f '{{range .Mounts}}{{.Type}} {{.Destination}} {{.Driver}} {{.RW}}{{end}}' ct
  assert_output "volume /seed local true"
  run_ct -0 start -a ct
  assert_output one
  inside --image-volume ignore declares sh -c 'grep -c " /seed " /proc/mounts'
  assert_output 0
  inside --image-volume tmpfs declares sh -c 'grep " /seed " /proc/mounts'
  assert_has "$output" tmpfs
  inside -v mine:/seed declares true
  run_ct -0 volume ls -q --filter anonymous=false
  assert_output mine
}

@test "volumes: --volumes-from, read-only too; what is said besides comes first" {
  usr-ct create --name ct --network none -v data:/d -v ./src:/s -v ./src:/t:ro --tmpfs /tmp2 "$B" true >/dev/null
  run_ct run --rm --network none --volumes-from ct -v ./src:/d "$B" sh -c 'ls /d; cat /s/file; touch /t/x'
  assert_status 1
  assert_output $'file\ncontent'
  run_ct run --rm --network none --volumes-from ct:ro "$B" sh -c 'touch /d/x || touch /s/x; ls -d /tmp2'
  [ "$status" != 0 ]
  [ ! -e src/x ]
  run_ct run --rm --volumes-from nosuch "$B" true
  assert_error 1401
  run_ct run --rm --volumes-from ct:nosuch "$B" true
  assert_error 1103
}

@test "volumes: in memory, and as a name for another directory" {
  usr-ct volume create -o type=tmpfs -o device=tmpfs -o o=size=2m,mode=0700 mem >/dev/null
  inside -v mem:/m "$B" sh -c 'grep " /m " /proc/mounts; stat -c %a /m; touch /m/x'
  assert_has "$output" "size=2048k"
  inside -v mem:/m "$B" ls /m
  assert_output ""
  usr-ct volume create -o type=none -o o=bind,ro -o device="$PWD/src" dir >/dev/null
  inside -v dir:/m "$B" sh -c 'cat /m/file; touch /m/x'
  assert_status 1
  assert_output content
  run_ct volume export mem
  assert_error 1334
  run_ct -0 volume inspect -f '{{.Options.type}} {{.Options.o}}' mem
  assert_output "tmpfs size=2m,mode=0700"
}

@test "volumes: a part of a volume; no link planted in it leads out" {
  inside -v data:/d "$B" sh -c 'mkdir -p /d/a/b; echo deep >/d/a/b/f; ln -s /etc /d/abs; ln -s ../../../../../../../../etc /d/rel; ln -s a /d/ok'
  inside --mount type=volume,src=data,dst=/s,volume-subpath=a/b "$B" cat /s/f
  assert_output deep
  inside --mount type=volume,src=data,dst=/s,subpath=ok/b "$B" cat /s/f
  assert_output deep
  inside --mount type=volume,src=data,dst=/s,subpath=a/b/f "$B" cat /s
  assert_output deep
  for p in abs rel abs/ssl nosuch; do
    inside --mount "type=volume,src=data,dst=/s,volume-subpath=$p" "$B" ls /s
    assert_status 125
    assert_error 1336
  done
  # And with cp, through the container that has it.
  echo mine >"$FILE_DIR/out"
  usr-ct create --name ct --network none -v data:/d "$B" true >/dev/null
  run_ct cp src/file ct:/d/rel/usrct-evil
  [ ! -e /etc/usrct-evil ]
}

@test "volumes: an image as a volume, read-only or for the container to write to" {
  inside --mount type=image,source=plain,target=/i "$B" sh -c 'cat /i/seed/file; touch /i/x'
  assert_status 1
  assert_output one
  assert_has "$stderr" "Read-only"
  inside --mount type=image,source=plain,target=/i,rw=true "$B" sh -c 'echo new >/i/x; cat /i/x'
  assert_output new
  inside --mount type=image,source=plain,target=/i,subpath=seed "$B" cat /i/file
  assert_output one
  usr-ct create --name ct --network none --mount type=image,source=plain,target=/i "$B" ls /i/seed/file >/dev/null
  run_ct rmi plain
  assert_error 1210
  run_ct -0 start -a ct
  run_ct run --rm --mount type=image,source=plain,target=/i,subpath=../etc "$B" true
  assert_error 1103
}

@test "volumes: O is an overlay that is empty again at the next start; upperdir keeps" {
  usr-ct create --name ct --network none -v ./src:/s:O "$B" sh -c 'ls /s; echo x >/s/new; rm /s/file' >/dev/null
  run_ct -0 start -a ct
  assert_output file
  run_ct -0 start -a ct
  assert_output file
  [ -e src/file ] && [ ! -e src/new ]
  mkdir up work
  inside -v "./src:/s:O,upperdir=$PWD/up,workdir=$PWD/work" "$B" sh -c 'echo kept >/s/new'
  [ "$(cat up/new)" = kept ]
  inside -v "./src:/s:O,upperdir=$PWD/up,workdir=$PWD/work" "$B" cat /s/new
  assert_output kept
  inside -v data:/d "$B" sh -c 'echo v >/d/f'
  inside -v data:/d:O "$B" sh -c 'echo w >/d/f; cat /d/f'
  assert_output w
  inside -v data:/d "$B" cat /d/f
  assert_output v
  inside --mount "type=overlay,source=$PWD/src,target=/s,ro" "$B" sh -c 'cat /s/file; touch /s/x'
  assert_status 1
  assert_output content
  usr-ct volume create 'a.b' >/dev/null
  mkdir 'with:colon'
  inside --mount 'type=overlay,source=./with:colon,target=/s' "$B" touch /s/x
  assert_status 0
}

@test "volumes: U gives files to the container's user, and is refused where it would hurt" {
  mkdir -p src/sub && ln -s /etc/passwd src/link && touch src/sub/f
  inside -u 7:8 -v ./src:/s:U "$B" sh -c 'stat -c "%u %g" /s /s/file /s/sub/f /s/link; echo w >/s/file'
  assert_output $'7 8\n7 8\n7 8\n7 8'
  assert_status 0
  inside -v ./src:/s:U "$B" true # root is the user: they are back
  [ "$(stat -c %U src/file)" = "$(id -un)" ]
  inside -u 7:8 -v data:/d:U,ro "$B" stat -c '%u %g' /d
  assert_output "7 8"
  inside -u 7 --mount type=tmpfs,dst=/t,chown "$B" stat -c %u /t
  assert_output 7
  for p in / /etc /usr/share /tmp "$HOME"; do
    inside -v "$p:/x:U" "$B" true
    assert_status 125
    assert_error 1338
  done
  mkdir foreign
  inside -v /var/lib/dpkg:/x:U "$B" true
  assert_status 125
  assert_error 1338
}

@test "volumes: z and Z are refused for the system and the home, and nothing else where SELinux is off" {
  for p in / /etc /etc/ssl /usr "$HOME"; do
    for o in z Z; do
      inside -v "$p:/x:ro,$o" "$B" true
      assert_status 125
      assert_error 1339
    done
  done
  inside -v ./src:/a:z -v data:/b:Z --mount type=bind,src=./src,dst=/c,relabel=private "$B" cat /a/file /c/file
  assert_output $'content\ncontent'
}

@test "volumes: exec, suid and dev are told where the machine does not allow them" {
  if findmnt -no OPTIONS --target /dev/shm | grep -q noexec; then
    mkdir "/dev/shm/usrct-$$"
    inside -v "/dev/shm/usrct-$$:/x:exec" "$B" true
    rmdir "/dev/shm/usrct-$$"
    assert_status 125
    assert_error 1340 noexec
  fi
  inside -v "$PWD/src:/x:noexec" "$B" sh -c 'grep " /x " /proc/mounts'
  assert_has "$output" noexec
}

@test "volumes: read-only holds for all below, or with bind-recursive=writable for the mount alone" {
  inside -v /dev:/x:ro "$B" sh -c ': >/x/shm/usrct-test'
  [ "$status" != 0 ]
  [ ! -e /dev/shm/usrct-test ]
  inside --mount type=bind,src=/dev,dst=/x,ro,bind-recursive=writable "$B" sh -c ': >/x/shm/usrct-test && rm /x/shm/usrct-test && echo ok; touch /x/new'
  assert_has "$output" ok
  assert_has "$stderr" "touch"
  inside --mount type=bind,src=/dev,dst=/x,ro,bind-recursive=readonly "$B" sh -c ': >/x/shm/usrct-test'
  [ "$status" != 0 ]
}

@test "volumes: bind-create-src, --tmpfs with tmpcopyup, devpts" {
  inside --mount type=bind,src=./made/deep,dst=/x,bind-create-src=true "$B" touch /x/f
  [ -e made/deep/f ]
  inside --tmpfs /seed:tmpcopyup plain sh -c 'cat /seed/file; echo w >/seed/new'
  assert_output one
  inside --tmpfs /seed:notmpcopyup plain ls /seed
  assert_output ""
  inside --mount type=devpts,dst=/dev/pts,mode=0600,max=3 "$B" sh -c 'grep devpts /proc/mounts | tail -1'
  assert_has "$output" "mode=600"
}

@test "volumes: inspect shows mounts with Docker's fields" {
  usr-ct create --name ct --network none -v data:/d:ro -v ./src:/s:rslave --mount type=tmpfs,dst=/t "$B" true >/dev/null
  run_ct -0 inspect -f '{{range .Mounts}}{{.Type}}|{{.Source}}|{{.Destination}}|{{.Mode}}|{{.RW}}|{{.Propagation}};{{end}}' ct
  assert_has "$output" "volume|$V/data/_data|/d|ro|false|;"
  assert_has "$output" "bind|$PWD/src|/s|rslave|true|rslave;"
  assert_has "$output" "tmpfs||/t||true|;"
  run_ct -0 inspect -f '{{range .Mounts}}{{if eq .Type "volume"}}{{.Name}} {{.Driver}}{{end}}{{end}}' ct
  assert_output "data local"
}

@test "volumes: mount add and swap know them, and what was added is in use" {
  usr-ct run -d --name ct --network none "$B" sleep 1000 >/dev/null
  run_ct -0 mount add ct live:/l
  run_ct -0 exec ct sh -c 'echo x >/l/f; cat /l/f'
  assert_output x
  run_ct -1 volume rm live
  assert_error 1332
  run_ct mount add ct /nosource
  [ "$status" != 0 ]
}

@test "volumes: system df and system prune --volumes" {
  inside -v data:/d "$B" sh -c 'dd if=/dev/zero of=/d/f bs=1M count=1 2>/dev/null'
  usr-ct volume create >/dev/null
  usr-ct create --name ct --network none -v data:/d "$B" true >/dev/null
  run_ct -0 system df --format '{{.Type}} {{.TotalCount}} {{.Active}}'
  assert_has "$output" "Local Volumes 2 1"
  run_ct -0 system df -v
  assert_has "$output" "VOLUME NAME"
  assert_has "$output" "1.05MB"
  run_ct -0 system prune -f --volumes
  run_ct -0 volume ls -q
  assert_output data
}

@test "volumes: kill -9 while a volume is made or used leaves none behind" {
  for _ in 1 2 3 4 5 6 7 8; do
    usr-ct run --rm --network none -v /anon "$B" true &
    pid=$!
    read -rt "0.0$((RANDOM % 6))" <> <(:) || true
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" || true
  done
  wait_until has_nothing_anonymous
}

has_nothing_anonymous() {
  remove_all
  usr-ct volume reload >/dev/null
  [ -z "$(usr-ct volume ls -q)" ] && [ -z "$(ls "$V")" ]
}

@test "volumes: cp into a container that was never started finds what the image has there" {
  usr-ct create --name ct --network none -v data:/seed plain sh -c 'cat /seed/file /seed/new' >/dev/null
  echo new >new
  run_ct -0 cp new ct:/seed/new
  run_ct -0 start -a ct
  assert_output $'one\nnew'
}
