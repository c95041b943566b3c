#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# cp - files between a container and here: Docker's rules, streams, hostile trees
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox layers
}
teardown_file() {
  teardown_store
}
setup() {
  B=$REGISTRY/busybox
  cd "$BATS_TEST_TMPDIR"
  mkdir here
  echo file >here/file
  mkdir -p here/dir/sub
  echo inside >here/dir/inside
  echo deep >here/dir/sub/deep
}
teardown() {
  remove_all_and_check
}

running() { # [FLAG...]
  usr-ct run -d --name box "$@" "$B" sleep 1000 >/dev/null
}

inside() { # COMMAND, in a shell of the container
  usr-ct exec box sh -c "$*"
}

# What is at a path, one line for each thing.
listing() { # DIR
  (cd "$1" && find . | LC_ALL=C sort)
}

@test "cp: a file to a missing name, over a file, into a directory" {
  running
  run_ct -0 cp here/file box:/tmp/new
  [ "$(inside cat /tmp/new)" = file ]
  echo second >here/file
  usr-ct cp here/file box:/tmp/new
  [ "$(inside cat /tmp/new)" = second ]
  usr-ct cp here/file box:/tmp
  usr-ct cp here/file box:/home/
  [ "$(inside cat /tmp/file /home/file)" = "$(printf 'second\nsecond')" ]
  run_ct -1 cp here/file box:/tmp/missing/
  assert_error 1460 missing
  run_ct -1 cp here/file box:/no/where
  assert_error 1460 /no
}

@test "cp: a directory to a missing name, over a file, into a directory, its contents" {
  running
  usr-ct cp here/dir box:/tmp/new
  [ "$(inside cat /tmp/new/sub/deep)" = deep ]
  usr-ct cp here/dir box:/tmp/new
  [ "$(inside cat /tmp/new/dir/sub/deep)" = deep ]
  usr-ct cp here/dir/. box:/home
  [ "$(inside cat /home/sub/deep)" = deep ]
  usr-ct cp here/dir/. box:/tmp/contents
  [ "$(inside cat /tmp/contents/inside)" = inside ]
  run_ct -1 cp here/dir box:/etc/passwd
  assert_error 1461 directory
  run_ct -1 cp here/file/ box:/tmp
  assert_error 1461 "not a directory"
}

@test "cp: the same rules on the way out" {
  running
  inside 'mkdir -p /data/sub; echo one >/data/one; echo two >/data/sub/two'
  usr-ct cp box:/data out
  [ "$(listing out)" = "$(printf '.\n./one\n./sub\n./sub/two')" ]
  usr-ct cp box:/data out
  [ "$(cat out/data/sub/two)" = two ]
  usr-ct cp box:/data/. out/data/sub
  [ "$(cat out/data/sub/sub/two)" = two ]
  usr-ct cp box:/data/one .
  usr-ct cp box:/data/one here/renamed
  cmp one here/renamed
  usr-ct cp box:/data/one out/
  [ -f out/one ]
  run_ct -1 cp box:/data one
  assert_error 1461
  run_ct -1 cp box:/data/one missing/
  assert_error 1460
  run_ct -1 cp box:/data/none .
  assert_error 1460 /data/none
  run_ct -1 cp box:/data/one/ .
  assert_error 1461
}

@test "cp: a relative path starts at the container's root, .. ends there" {
  running -w /tmp
  usr-ct cp box:etc/passwd .
  usr-ct cp box:/../../etc/group .
  grep -q ^root: passwd group
}

@test "cp: works with a stopped container, which stays as it was" {
  usr-ct create --name box "$B" true >/dev/null
  usr-ct cp here/dir box:/tmp
  usr-ct cp box:/tmp/dir/sub/deep .
  [ "$(cat deep)" = deep ]
  is_state box created
  usr-ct start -a box
  usr-ct cp here/file box:/tmp/later
  usr-ct cp box:/tmp/later later
  cmp here/file later
  run ! grep -q "$FILE_DIR" /proc/self/mountinfo
  run_ct -0 diff box
  assert_has "$output" "A /tmp/later"
}

@test "cp: owners: the user's outside, root's inside, -a keeps numbers" {
  running
  inside 'echo x >/tmp/theirs; chown 1000:2000 /tmp/theirs; chmod 4751 /tmp/theirs'
  usr-ct cp box:/tmp/theirs .
  [ "$(stat -c %u:%g:%a theirs)" = "$(id -u):$(id -g):751" ]
  tar cf own.tar --owner=1234 --group=1000 -C here file
  usr-ct cp - box:/tmp <own.tar
  usr-ct cp here/dir box:/tmp
  [ "$(inside stat -c %u:%g /tmp/file /tmp/dir /tmp/dir/inside | sort -u)" = 0:0 ]
  usr-ct cp -a - box:/tmp <own.tar
  [ "$(inside stat -c %u:%g /tmp/file)" = 1234:1000 ]
  tar cf far.tar --owner=4000000 --group=0 -C here file
  run_ct -1 cp -a - box:/tmp <far.tar
  assert_error 1464 "outside your range"
}

@test "cp: a tar stream out and in" {
  running
  inside 'mkdir /data; echo one >/data/one; ln -s one /data/link; ln /data/one /data/hard; mkfifo /data/fifo'
  usr-ct cp box:/data - >data.tar
  tar tf data.tar | LC_ALL=C sort >names
  printf 'data/\ndata/fifo\ndata/hard\ndata/link\ndata/one\n' | cmp - names
  usr-ct cp box:/data/. - | tar tf - | grep -qx ./one
  gzip <data.tar | usr-ct cp - box:/tmp
  [ "$(inside cat /tmp/data/hard; inside readlink /tmp/data/link)" = "$(printf 'one\none')" ]
  [ "$(inside stat -c %h /tmp/data/one)" = 2 ]
  inside test -p /tmp/data/fifo
  run_ct -1 cp - box:/etc/passwd <data.tar
  assert_error 1461 "not a directory"
  run_ct -1 cp - box:/no/where <data.tar
  assert_error 1460
  head -c 700 data.tar >torn.tar
  run_ct -1 cp - box:/tmp <torn.tar
  assert_error 1464
}

@test "cp: links are copied as links, -L and a slash follow the source's" {
  running
  ln -s file here/link
  ln -s dir here/dirlink
  usr-ct cp here/link box:/tmp/link
  [ "$(inside readlink /tmp/link)" = file ]
  usr-ct cp -L here/link box:/tmp/followed
  [ "$(inside cat /tmp/followed)" = file ]
  usr-ct cp here/dirlink/ box:/home
  inside test -f /home/dirlink/inside
  usr-ct cp here/dirlink/. box:/var
  inside test -f /var/inside
  inside 'ln -s passwd /etc/alias'
  usr-ct cp box:/etc/alias .
  [ "$(readlink alias)" = passwd ]
  usr-ct cp -L box:/etc/alias -q followed
  [ ! -L followed ] && grep -q ^root: followed
}

@test "cp: a target that is a link is followed, also where it leads nowhere yet" {
  running
  inside 'mkdir /real; ln -s /real /alias; ln -s ../home/made /tmp/dangling; ln -s /etc/target /tmp/tofile; echo old >/etc/target'
  usr-ct cp here/file box:/alias
  usr-ct cp here/file box:/alias/second
  usr-ct cp here/file box:/tmp/dangling
  usr-ct cp here/file box:/tmp/tofile
  [ "$(inside cat /real/file /real/second /home/made /etc/target | sort -u)" = file ]
  inside test -L /tmp/tofile
  inside 'ln -s b /tmp/a; ln -s a /tmp/b'
  run_ct -1 cp here/file box:/tmp/a
  assert_error 1461 circles
}

@test "cp: no link of a container leads to the machine's files" {
  running
  echo secret >"$FILE_DIR/secret"
  inside "ln -s $FILE_DIR/secret /tmp/out; ln -s /proc/1/root/etc /tmp/proc; ln -s ../../../../../../../..$FILE_DIR /tmp/up"
  run_ct -1 cp -L box:/tmp/out .
  assert_error 1460
  run_ct -1 cp box:/tmp/up/secret .
  assert_error 1460
  usr-ct cp here/file box:/tmp/out || true
  [ "$(cat "$FILE_DIR/secret")" = secret ]
}

@test "cp: an archive with links stays in the directory it is unpacked into" {
  running
  # The container's tar says: x is a link to an outer directory, then a file through it.
  mkdir outer target
  inside "mkdir -p /t/a; cd /t; ln -s $PWD/outer x; ln -s ../../../../../../../$PWD/outer a/y"
  usr-ct cp box:/t/. target
  [ -L target/x ] && [ -L target/a/y ]
  inside 'rm /t/x /t/a/y; mkdir /t/x /t/a/y; echo evil >/t/x/f; echo evil >/t/a/y/f'
  run_ct -1 cp box:/t/. target
  assert_error 1462
  [ -z "$(ls outer)" ]
}

@test "cp: kinds do not replace each other" {
  running
  inside 'mkdir -p /t/file; echo x >/t/dir'
  run_ct -1 cp here/. box:/t
  assert_error 1462 /t/
  inside 'test -d /t/file && test -f /t/dir'
}

@test "cp: volumes and mounts are seen, running or not; read-only ones refuse" {
  mkdir vol ro
  echo v >vol/v
  running -v "$PWD/vol:/vol" -v "$PWD/ro:/ro:ro" --tmpfs /mem
  usr-ct cp here/file box:/vol/new
  [ "$(cat vol/new)" = file ]
  usr-ct cp box:/vol/v got
  usr-ct cp here/file box:/mem/
  [ "$(inside cat /mem/file)" = file ]
  run_ct -1 cp here/file box:/ro/
  assert_error 1463
  usr-ct stop -t 0 box
  usr-ct cp here/file box:/vol/stopped
  usr-ct cp box:/vol/. all
  [ "$(cat vol/stopped all/v)" = "$(printf 'file\nv')" ]
  run_ct -1 cp here/file box:/ro/
  assert_error 1463
}

@test "cp: a volume of a container that never ran" {
  mkdir vol
  echo v >vol/v
  usr-ct create --name box -v "$PWD/vol:/not/in/image" "$B" true >/dev/null
  usr-ct cp box:/not/in/image/v .
  usr-ct cp here/file box:/not/in/image/
  cmp vol/file here/file
}

@test "cp: into a read-only container: refused, but for its volumes" {
  mkdir vol
  running --read-only -v "$PWD/vol:/vol"
  run_ct -1 cp here/file box:/tmp/
  assert_error 1463
  usr-ct cp here/file box:/vol/
  usr-ct stop -t 0 box
  run_ct -1 cp here/file box:/tmp/
  assert_error 1463
  usr-ct cp here/dir box:/vol/
  usr-ct cp box:/etc/passwd .
  [ -f vol/dir/sub/deep ]
}

@test "cp: odd names, attributes, holes and large files survive both ways" {
  running
  mkdir odd
  printf 'a\nb' >"odd/new
line"
  echo x >"odd/nämé with 'quotes\" and \\"
  # fuse-overlayfs needs four bytes of a name for itself.
  [[ ${USRCT_MOUNT_BACKEND:-} == fuse-overlayfs ]] || touch "odd/$(printf 'n%.0s' {1..255})"
  printf 'x' >"$(printf 'odd/bad\377utf8')"
  truncate -s 200M odd/hole
  printf end | dd of=odd/hole bs=1 seek=100000000 conv=notrunc status=none
  head -c 5000000 /dev/urandom >odd/large
  setfattr -n user.note -v 'an attribute' odd/large
  chmod 640 odd/large
  touch -d '2001-02-03 04:05:06 UTC' odd/large
  usr-ct cp odd box:/tmp
  usr-ct cp box:/tmp/odd back
  diff -r odd back
  [ "$(stat -c '%a %Y' back/large)" = "$(stat -c '%a %Y' odd/large)" ]
  [ "$(getfattr --only-values -n user.note back/large)" = 'an attribute' ]
  [ "$(stat -c %b back/hole)" -lt 1000 ]
  [ "$(inside stat -c %b /tmp/odd/hole)" -lt 1000 ]
}

@test "cp: deep trees" {
  running
  local i d=deep
  for i in {1..300}; do d+=/d; done
  mkdir -p "$d"
  echo bottom >"$d/file"
  usr-ct cp deep box:/tmp
  usr-ct cp box:/tmp/deep back
  diff -r deep back
}

@test "cp: the whole root leaves out the kernel's interfaces and opens no device" {
  running
  inside 'mkfifo /pipe'
  run_ct -0 cp box:/ all
  [ -d all/proc ] && [ -z "$(ls all/proc)" ] && [ -z "$(ls all/sys)" ]
  [ -p all/pipe ]
  assert_has "$stderr" "left out"
  run_ct -1 cp box:/proc/1/status .
  assert_error 1461
  run_ct -1 cp here/file box:/dev/null
  assert_error 1461 device
}

@test "cp: while the container changes what is copied" {
  usr-ct run -d --name box "$B" sh -c 'mkdir /t; cd /t; while :; do
    echo a >f; mkdir d; echo b >d/x; rm f; ln -s /etc f; rm f; mkfifo f; rm f; mv d e; rm -r e; done' >/dev/null
  local i
  for i in {1..30}; do
    usr-ct cp box:/t - >"tar.$i" 2>err || grep -q 'UCT-1460' err
  done
  for i in tar.*; do [ ! -s "$i" ] || tar tf "$i" >/dev/null; done
}

@test "cp: file capabilities and owners go round trip with -a" {
  usr-ct create --name box "$REGISTRY/layers" true >/dev/null
  usr-ct create --name other "$B" sleep 1000 >/dev/null
  usr-ct cp box:/fixture - | usr-ct cp -a - other:/
  usr-ct rm box >/dev/null
  usr-ct cp "$IMAGES/listing" other:/listing
  usr-ct start other >/dev/null
  usr-ct exec other sh /listing >got
  diff "$IMAGES/layers.expected" got
}

@test "cp: what makes no sense is a usage error" {
  running
  run_ct -125 cp a b
  assert_error 1101 "neither"
  run_ct -125 cp - -
  assert_error 1101
  run_ct -1 cp nosuch:/a b
  assert_error 1401
  touch ./with:colon
  usr-ct cp ./with:colon box:/tmp/
  inside test -f /tmp/with:colon
}

@test "cp: a reader that leaves, and kill -9, leave nothing behind" {
  running
  inside 'dd if=/dev/zero of=/tmp/big bs=1M count=50 2>/dev/null'
  usr-ct cp box:/tmp/big - | head -c 1000 >/dev/null
  mkfifo never
  usr-ct cp - box:/tmp <never &
  local pid=$!
  exec 8>never
  wait_until pgrep -u "$(id -u)" -x usr-ct-pack
  kill -9 $pid
  wait $pid || true
  exec 8>&-
}
