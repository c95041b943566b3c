#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# single-id - containers of a user who has no subordinate ids
# sessions: subids
bats_require_minimum_version 1.5.0
load ../helpers

setup_file() {
  setup_store busybox as-user layers
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

@test "single id: changes of owner and user, and devices, are said to be done" {
  inside "$REGISTRY/busybox" sh -c '
    touch /f && chown 5:7 /f && chown -h 5:7 /f && chgrp 9 /f && stat -c %u:%g /f
    mknod /tmp/null c 1 3 && mknod /tmp/disk b 8 0 && ls /tmp
    mknod /tmp/fifo p && stat -c %F /tmp/fifo
    su nobody -s /bin/sh -c "id -u"'
  assert_output $'0:0\nfifo\n0'
  inside --security-opt no-new-privileges "$REGISTRY/busybox" chown 5:5 /tmp
  assert_status 0
  inside --security-opt seccomp=unconfined "$REGISTRY/busybox" chown 5:5 /tmp
  assert_status 0
  usr-ct run -d --name box --network none "$REGISTRY/busybox" sleep 1000 >/dev/null
  run_ct -0 exec box chown 5:5 /tmp
  run_ct -125 exec -u 1000 box true
}

@test "single id: the image's user is you, and his files are yours" {
  mkdir d
  inside -v ./d:/d "$REGISTRY/as-user" sh -c 'id -u; echo x >/d/f; stat -c %u /d/f; chown 5 /d/f 2>/dev/null || echo refused'
  assert_output $'1000\n1000\nrefused'
  [ "$(stat -c %u d/f)" = "$(id -u)" ]
  inside --userns keep-id "$REGISTRY/busybox" id -u
  assert_output "$(id -u)"
  for u in auto nomap; do
    run_ct -125 run --rm --userns "$u" "$REGISTRY/busybox" true
    assert_error 1701
  done
  run_ct -125 run --rm --uidmap 0:0:5 "$REGISTRY/busybox" true
  assert_error 1706
  run_ct -0 unshare cat /proc/self/uid_map
  [ "$(tr -s ' ' <<<"$output")" = " 0 $(id -u) 1" ]
}

@test "single id: export and commit know the owners of the image" {
  local list=$BATS_TEST_TMPDIR/list driver
  for driver in auto plain; do
    export USRCT_STORAGE_DRIVER=$driver
    usr-ct rmi -f "$REGISTRY/layers" >/dev/null
    usr-ct pull "$REGISTRY/layers" >/dev/null
    usr-ct run --name box --network none "$REGISTRY/layers" \
      sh -c 'echo more >>/fixture/owned/file; chown 5:5 /fixture/links/a; echo new >/new; getfattr -d /fixture/owned/file 2>/dev/null || true'
    usr-ct export box | tar tvf - --numeric-owner >"$list"
    grep -q '^drwxr-xr-x 1000/2000 .* fixture/owned/$' "$list" || fail "$(cat "$list")"
    grep -q '^-rw-r----- 1234/1000 .* fixture/owned/file$' "$list"
    grep -q '^-rwsr-xr-x 0/0 .* fixture/busybox-setuid$' "$list"
    grep -q ' 0/0 .* new$' "$list"
    usr-ct commit box kept:1 >/dev/null
    usr-ct rm box >/dev/null
    usr-ct create --name box kept:1 true >/dev/null
    usr-ct export box | tar tvf - --numeric-owner >"$list"
    grep -q ' 1234/1000 .* fixture/owned/file$' "$list"
    [ "$(usr-ct export box | tar xf - -O fixture/owned/file)" = $'theirs\nmore' ]
    usr-ct export box | tar tvvf - --xattrs | grep -q usrct && fail "our notes are in the archive"
    usr-ct rm box >/dev/null
    usr-ct rmi kept:1 >/dev/null
  done
}

@test "single id: apt-get installs packages that want users and owners" {
  usr-ct pull "$REGISTRY/debian" >/dev/null || skip "there is no image of a whole distribution"
  cat >install <<'TEXT'
set -e
mkdir -p /tmp/p/DEBIAN /tmp/p/usr/share/mine /tmp/repo
cat >/tmp/p/DEBIAN/control <<'END'
Package: mine
Version: 1
Architecture: all
Maintainer: nobody <nobody@example.org>
Description: a package with a user
END
cat >/tmp/p/DEBIAN/postinst <<'END'
#!/bin/sh
set -e
useradd -r mine
install -d -o mine -g mine -m 750 /var/lib/mine
chown mine:mine /usr/share/mine/f
su mine -s /bin/sh -c 'echo as the user >/var/lib/mine/f'
END
chmod 755 /tmp/p/DEBIAN/postinst
echo data >/tmp/p/usr/share/mine/f
dpkg-deb -b /tmp/p /tmp/repo/mine.deb >/dev/null
cd /tmp/repo
{
  cat /tmp/p/DEBIAN/control
  echo "Filename: ./mine.deb"
  echo "Size: $(stat -c %s mine.deb)"
  echo "SHA256: $(sha256sum mine.deb | cut -d' ' -f1)"
} >Packages
rm -rf /etc/apt/sources.list.d
echo 'deb [trusted=yes] file:/tmp/repo ./' >/etc/apt/sources.list
apt-get update 2>&1
apt-get install -y mine 2>&1
cat /var/lib/mine/f /usr/share/mine/f
TEXT
  run_ct run --name box --network none -v "$PWD/install:/install:ro" "$REGISTRY/debian" sh /install
  assert_status 0
  assert_has "$output" $'as the user\ndata'
  assert_lacks "$output" "W: "
  run_ct -0 diff box
  assert_lacks "$output" usr-ct-one-id
}
