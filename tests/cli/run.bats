#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# run - the main job: an image's program in a container, with the flags that everybody knows
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox as-user entry nothing-to-run
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

# --- streams

@test "run: stdout and stderr stay apart and nothing is added" {
  run_ct -0 run --rm "$B" sh -c 'echo out; echo err >&2'
  assert_output out
  [ "$stderr" = err ]
}

@test "run: stdin reaches the program with -i, byte for byte" {
  head -c 3000000 /dev/urandom >data
  usr-ct run --rm -i "$B" cat <data >copy
  cmp data copy
}

@test "run: without -i the program's stdin is empty" {
  run --separate-stderr within 20 usr-ct run --rm "$B" wc -c < <(echo something; head -c 100 /dev/zero)
  assert_status 0
  [ "$(tr -d ' ' <<<"$output")" = 0 ]
}

@test "run: end of stdin ends a program that reads it" {
  run --separate-stderr within 20 usr-ct run --rm -i "$B" sh -c 'cat; echo after' < <(printf 'no newline')
  assert_status 0
  assert_output "no newlineafter"
}

@test "run: 1 GB passes through in both directions, intact" {
  bytes=1073741824
  [[ -z ${USRCT_TEST_VM:-} ]] || bytes=20000000 # by emulation it takes minutes
  want=$(head -c $bytes /dev/zero | sha256sum)
  got=$(head -c $bytes /dev/zero | usr-ct run --rm -i "$B" cat | sha256sum)
  [ "$got" = "$want" ]
}

@test "run: output larger than a pipe is not cut when the program ends" {
  n=$(usr-ct run --rm "$B" sh -c 'yes 0123456789 | head -c 5000000' | wc -c)
  [ "$n" = 5000000 ]
}

@test "run: a reader that leaves early does not make it hang" {
  run within 20 bash -c 'usr-ct run --rm "$1" yes | head -1' - "$B"
  [ "$status" = 0 ]
  [ "${lines[0]}" = y ]
}

# --- exit status

@test "run: the program's exit status is ours" {
  run_ct -0 run --rm "$B" true
  run_ct -1 run --rm "$B" false
  run_ct -42 run --rm "$B" sh -c 'exit 42'
  run_ct -255 run --rm "$B" sh -c 'exit 255'
}

@test "run: a program killed by a signal gives 128 + signal" {
  run_ct -137 run --rm --init "$B" sh -c 'kill -9 $$'
  run_ct -143 run --rm --init "$B" sh -c 'kill -15 $$'
}

@test "run: a missing command is 127 with a code and a hint" {
  run_ct -127 run --rm "$B" no-such-command
  assert_error 1408 no-such-command
  run_ct -127 run --rm "$B" /no/such/path
  assert_error 1408 /no/such/path
}

@test "run: a command that is not executable is 126" {
  run_ct -126 run --rm "$B" /bin/plain-file
  assert_error 1409 plain-file
  run_ct -126 run --rm "$B" /etc
  assert_error 1409 /etc
}

@test "run: a script whose interpreter is missing says so" {
  run_ct run --rm "$B" /bin/bad-interpreter
  [[ $status == 126 || $status == 127 ]] || { show; false; }
  assert_has "$stderr" bad-interpreter
}

@test "run: a bad flag is 125 and a near one is suggested" {
  run_ct -125 run --nmae x "$B" true
  assert_error 1101 --name
  run_ct -125 run
  assert_error 1101
}

@test "run: an image without a command needs one" {
  run_ct -125 run --rm "$REGISTRY/nothing-to-run"
  assert_error 1407
  run_ct -0 run --rm "$REGISTRY/nothing-to-run" echo works
  assert_output works
}

# --- arguments, entry point, environment, directory

@test "run: arguments arrive as they are" {
  run_ct -0 run --rm "$B" args 'two words' '' '$HOME' '*' --rm -x
  assert_output "$(printf '[%s]\n' 'two words' '' '$HOME' '*' --rm -x)"
}

@test "run: entry point and command of the image are joined as Docker joins them" {
  run_ct -0 run --rm "$REGISTRY/entry"
  assert_output "$(printf '[%s]\n' 'from entrypoint' one 'two words')"
  run_ct -0 run --rm "$REGISTRY/entry" mine
  assert_output "$(printf '[%s]\n' 'from entrypoint' mine)"
}

@test "run: --entrypoint replaces the image's and drops its command" {
  run_ct -0 run --rm --entrypoint args "$REGISTRY/entry"
  assert_output ""
  run_ct -0 run --rm --entrypoint args "$REGISTRY/entry" a b
  assert_output "$(printf '[%s]\n' a b)"
  run_ct -0 run --rm --entrypoint '' "$REGISTRY/entry" echo plain
  assert_output plain
}

@test "run: -e sets, passes on and overrides variables" {
  PASSED="from outside" run_ct -0 run --rm -e A=1 -e 'B=two words' -e PASSED -e UNSET_HERE -e EMPTY= "$B" env
  assert_has "$output" "A=1"
  assert_has "$output" "B=two words"
  assert_has "$output" "PASSED=from outside"
  assert_has "$output" "EMPTY="
  assert_lacks "$output" UNSET_HERE
  run_ct -0 run --rm "$REGISTRY/entry" x
  run_ct -0 run --rm --entrypoint sh "$REGISTRY/entry" -c 'echo "$GREETING"'
  assert_output "hello there"
  run_ct -0 run --rm -e GREETING=other --entrypoint sh "$REGISTRY/entry" -c 'echo "$GREETING"'
  assert_output other
}

@test "run: nothing of the caller's environment leaks in" {
  SECRET_OF_MINE=1 run_ct -0 run --rm "$B" env
  assert_lacks "$output" SECRET_OF_MINE
  assert_lacks "$output" XDG_
  assert_has "$output" "HOME=/root"
  assert_has "$output" "PATH=/"
  assert_has "$output" "HOSTNAME="
}

@test "run: -w is the working directory and is made when missing" {
  run_ct -0 run --rm -w /tmp "$B" pwd
  assert_output /tmp
  run_ct -0 run --rm -w /made/here "$B" pwd
  assert_output /made/here
  run_ct -0 run --rm --entrypoint pwd "$REGISTRY/entry"
  assert_output /made/on/demand
  run_ct -125 run --rm -w relative "$B" pwd
  assert_has "$stderr" relative
}

# --- users

@test "run: the default user is the image's, else root" {
  run_ct -0 run --rm "$B" id -un
  assert_output root
  run_ct -0 run --rm "$REGISTRY/as-user" sh -c 'id -un; pwd; echo "$HOME"'
  assert_output "$(printf '%s\n' app /home/app /home/app)"
}

@test "run: -u takes names and numbers, with and without a group" {
  for spec in app:1000:1000 1000:1000:1000 worker:1234:1000 1234:1234:1000 app:root:1000:0 \
    app:0:1000:0 4000:4000:0 4000:5000:4000:5000 0:0:0 worker:extra:1234:2000; do
    IFS=: read -r -a p <<<"$spec"
    n=${#p[@]}
    gid=${p[n - 1]} uid=${p[n - 2]}
    user=$(IFS=:; printf '%s' "${p[*]:0:n-2}")
    run_ct -0 run --rm -u "$user" "$B" sh -c 'echo $(id -u) $(id -g)'
    [ "$output" = "$uid $gid" ] || { show; fail "-u $user"; }
  done
}

@test "run: -u NAME brings the user's further groups" {
  run_ct -0 run --rm -u app "$B" id -G
  assert_output "1000 2000"
}

@test "run: an unknown user or group is an error" {
  run_ct -125 run --rm -u nobody-here "$B" true
  assert_error 1410 nobody-here
  run_ct -125 run --rm -u app:no-group "$B" true
  assert_error 1410 no-group
}

@test "run: setuid programs and chown to any id work inside" {
  run_ct -0 run --rm "$B" sh -c 'touch /x && chown 1234:5678 /x && stat -c "%u %g" /x'
  assert_output "1234 5678"
}

# --- volumes

@test "run: -v ./DIR:/app shows our files and what is written is ours" {
  mkdir src
  echo hello >src/file
  run_ct -0 run --rm -v ./src:/app "$B" sh -c 'cat /app/file; echo made >/app/new'
  assert_output hello
  [ "$(cat src/new)" = made ]
  [ "$(stat -c %u src/new)" = "$(id -u)" ]
}

@test "run: -v ...:ro cannot be written" {
  mkdir src
  echo kept >src/file
  run_ct run --rm -v ./src:/app:ro "$B" sh -c 'echo x >/app/file'
  [ "$status" != 0 ]
  assert_has "$stderr" "Read-only file system"
  [ "$(cat src/file)" = kept ]
}

@test "run: -v ...:rw, absolute sources, single files and ../ work" {
  mkdir -p a/b c
  echo one >c/file
  run_ct -0 run --rm -v "$PWD/c:/abs:rw" "$B" cat /abs/file
  assert_output one
  run_ct -0 run --rm -v ./c/file:/etc/one "$B" cat /etc/one
  assert_output one
  cd a/b
  run_ct -0 run --rm -v ../../c:/up "$B" cat /up/file
  assert_output one
}

@test "run: a volume hides what the image has there, and mount points are made" {
  mkdir src
  run_ct -0 run --rm -v ./src:/etc/directory -v ./src:/new/deep/place "$B" ls /new/deep
  assert_output place
}

@test "run: a volume whose source is missing is an error, and it is not made" {
  run_ct -125 run --rm -v ./missing:/app "$B" true
  assert_error 1104 missing
  [ ! -e missing ]
}

@test "run: malformed volumes are refused" {
  for v in ./x ':/x' './x:relative' './x:/y:wrong' './x:/y:ro:more' ''; do
    mkdir -p x
    run_ct run --rm -v "$v" "$B" true
    [ "$status" = 125 ] || { show; fail "-v '$v' was taken"; }
    assert_has "$stderr" UCT-11
  done
}

@test "run: a volume's target cannot lead out of the container" {
  mkdir src
  run_ct run --rm -v ./src:/../../../../../var/tmp/usrct-escape "$B" ls /var/tmp
  assert_lacks "$(ls /var/tmp)" usrct-escape
}

# --- file system

@test "run: the root is an overlay whose changes stay in the container" {
  run_ct -0 run --rm "$B" sh -c 'echo changed >/etc/passwd; rm /bin/args; ls /bin/args 2>&1; mount | head -1'
  assert_has "$output" "No such file"
  run_ct -0 run --rm "$B" sh -c 'head -1 /etc/passwd; ls /bin/args'
  assert_has "$output" "root:x:0:0"
}

@test "run: --read-only stops writes, except where it may be written" {
  run_ct run --rm --read-only "$B" touch /x
  [ "$status" != 0 ]
  assert_has "$stderr" "Read-only file system"
  run_ct -0 run --rm --read-only --tmpfs /scratch "$B" sh -c 'touch /scratch/x /dev/shm/x && echo fine'
  assert_output fine
}

@test "run: --tmpfs takes size and mode" {
  run_ct -0 run --rm --tmpfs /scratch:size=1m,mode=700 "$B" sh -c \
    'stat -c %a /scratch; head -c 2000000 /dev/zero >/scratch/x 2>/dev/null || echo full; grep " /scratch " /proc/mounts'
  assert_has "$output" 700
  assert_has "$output" full
  assert_has "$output" tmpfs
}

@test "run: /dev has what programs expect and nothing of the host's" {
  run_ct -0 run --rm "$B" sh -c '
    for d in null zero full random urandom tty; do [ -c /dev/$d ] || echo "no $d"; done
    [ -d /dev/pts ] && [ -d /dev/shm ] && [ -d /dev/mqueue ] || echo no directories
    [ -e /dev/ptmx ] || echo no ptmx
    for l in fd stdin stdout stderr; do [ -L /dev/$l ] || echo "no $l"; done
    echo x >/dev/null && head -c 4 /dev/zero | wc -c
    ls /dev | grep -E "^(sd|vd|loop|mem|kmsg|fuse)" || true'
  assert_output 4
}

@test "run: /proc and /sys are ours, with dangerous parts masked" {
  run_ct -0 run --rm "$B" sh -c '
    for f in kcore keys timer_list; do [ -e /proc/$f ] && [ "$(head -c 1 /proc/$f | wc -c)" != 0 ] && echo "$f is readable"; done
    for f in /proc/sysrq-trigger /proc/sys/kernel/hostname; do (echo b >$f) 2>/dev/null && echo "$f is writable"; done
    [ -d /sys/firmware ] && [ -n "$(ls -A /sys/firmware)" ] && echo firmware is seen
    touch /sys/x 2>/dev/null && echo sys is writable
    ls -d /proc/[0-9]* | wc -l'
  [ "$output" -le 4 ]
}

@test "run: hosts, hostname and resolv.conf are there" {
  run_ct -0 run --rm --hostname box "$B" sh -c 'hostname; cat /etc/hostname; grep -c box /etc/hosts; grep -c localhost /etc/hosts; test -r /etc/resolv.conf'
  [ "${lines[0]}" = box ]
  [ "${lines[1]}" = box ]
  [ "${lines[2]}" -ge 1 ]
}

@test "run: the hostname is the short id unless told" {
  id=$(usr-ct run -d "$B" hostname)
  wait_until is_state "$id" exited
  [ "$(usr-ct logs "$id")" = "${id:0:12}" ]
}

# --- isolation

@test "run: seven namespaces are the container's own" {
  run_ct -0 run --rm "$B" sh -c 'for n in cgroup ipc mnt net pid user uts; do readlink /proc/self/ns/$n; done'
  for n in cgroup ipc mnt net pid user uts; do
    assert_lacks "$output" "$(readlink /proc/self/ns/$n)"
  done
  [ "${#lines[@]}" = 7 ]
}

@test "run: the program is process 1, with --init its child is" {
  run_ct -0 run --rm "$B" sh -c 'echo $$'
  assert_output 1
  run_ct -0 run --rm --init "$B" sh -c 'echo $$; cat /proc/1/comm'
  [ "${lines[0]}" != 1 ]
  [ "${lines[1]}" != sh ]
}

@test "run: --init reaps orphans and passes on status and signals" {
  run_ct -7 run --rm --init "$B" sh -c 'exit 7'
  run_ct -0 run --rm --init "$B" sh -c '
    for i in 1 2 3; do sh -c "sleep 0.01 & exit 0"; done
    n=0; while [ $n -lt 100 ]; do grep -l "^State:.Z" /proc/[0-9]*/status >/dev/null 2>&1 || ps | grep -q "sleep 0.0[1]" || break; n=$((n + 1)); usleep 20000; done
    grep -c "^State:.Z" /proc/[0-9]*/status | grep -c ":1$" || true'
  assert_output 0
}

@test "run: capabilities are Docker's default set" {
  run_ct -0 run --rm "$B" sh -c 'grep -E "^Cap(Eff|Prm|Bnd)" /proc/self/status | cut -f2 | sort -u'
  assert_output 00000000a80425fb
  run_ct -0 run --rm -u app "$B" sh -c 'grep ^CapEff /proc/self/status | cut -f2; grep ^CapBnd /proc/self/status | cut -f2'
  [ "${lines[0]}" = 0000000000000000 ]
  [ "${lines[1]}" = 00000000a80425fb ]
}

@test "run: a seccomp filter is in force" {
  run_ct -0 run --rm "$B" sh -c 'grep ^Seccomp: /proc/self/status | cut -f2'
  assert_output 2
  run_ct run --rm "$B" unshare -U true
  [ "$status" != 0 ]
  run_ct run --rm "$B" mount -t tmpfs none /tmp
  [ "$status" != 0 ]
}

@test "run: no descriptor of ours leaks into the container" {
  exec 9</etc/passwd
  run_ct -0 run --rm "$B" sh -c 'ls -l /proc/self/fd | grep -c -- "->"'
  exec 9<&-
  [ "$output" -le 4 ] # 0, 1, 2, and the directory that ls reads
}

@test "run: the cgroup inside looks like the root" {
  run_ct -0 run --rm "$B" sh -c 'grep ^0:: /proc/self/cgroup'
  assert_output 0::/
}

# --- network

@test "run: --network none has a loopback that is up, and nothing else" {
  run_ct -0 run --rm --network none "$B" sh -c 'ls /sys/class/net; cat /sys/class/net/lo/flags; ping -c 1 -W 2 127.0.0.1 >/dev/null && echo alive'
  [ "${lines[0]}" = lo ]
  [ "${lines[1]}" = 0x9 ]
  [ "${lines[2]}" = alive ]
}

@test "run: --network host is the host's" {
  run_ct -0 run --rm --network host "$B" readlink /proc/self/ns/net
  assert_output "$(readlink /proc/self/ns/net)"
}

@test "run: the default network is private and reaches out" {
  run_ct -0 run --rm "$B" sh -c 'readlink /proc/self/ns/net; ip route'
  [ "${lines[0]}" != "$(readlink /proc/self/ns/net)" ]
  assert_has "$output" "default via"
  # A host of the tests' own, in a network namespace of its own. Not with wget: the C library of a
  # static busybox crashes when it looks for name service modules that the image does not have.
  run_ct -0 run --rm -i "$B" nc -w 10 "${USRCT_TEST_WEB%:*}" "${USRCT_TEST_WEB#*:}" \
    < <(printf 'GET /page HTTP/1.0\r\n\r\n')
  assert_has "$output" reached
}

@test "run: both network programs work when named" {
  for program in slirp4netns pasta; do
    command -v "$program" >/dev/null || continue
    if [[ $program == pasta && -z $(ip route show default) ]]; then # as in the virtual machine
      run_ct -125 run --rm --network private:pasta "$B" true
      assert_error 1602 "was ready: External interface"
      continue
    fi
    run_ct -0 run --rm --network "private:$program" "$B" ip route
    assert_has "$output" "default via"
  done
}

@test "run: an unknown network is refused" {
  run_ct -125 run --rm --network no-such-net "$B" true
  assert_has "$stderr" no-such-net
  assert_has "$stderr" UCT-
}

# --- signals

@test "run: signals sent to us reach the program" {
  for signal in TERM INT USR1; do
    rm -f out # or the last one's "ready" is taken for this one's
    usr-ct run --rm "$B" signals >out 2>err 3>&- &
    client=$!
    wait_until file_has out ready
    kill "-$signal" "$client"
    code=0
    wait "$client" || code=$?
    [ "$code" = 40 ] || { cat out err; fail "$signal: $code"; }
    file_has out "got $signal"
  done
}

# --- names and removal

@test "run: without --rm it stays, with its name, and can be removed" {
  run_ct -0 run --name kept "$B" sh -c 'exit 0'
  run_ct -0 ps -a
  assert_has "$output" kept
  run_ct -0 ps
  assert_lacks "$output" kept
  run_ct -0 rm kept
  run_ct -0 ps -a
  assert_lacks "$output" kept
}

@test "run: --rm leaves nothing, also after a failure" {
  run_ct -3 run --rm --name gone "$B" sh -c 'exit 3'
  run_ct -127 run --rm --name gone "$B" no-such-command
  run_ct -0 ps -aq
  assert_output ""
}

@test "run: a name that is taken or malformed is refused" {
  run_ct -0 run --name twice "$B" true
  run_ct -125 run --name twice "$B" true
  assert_error 1403 twice
  run_ct -125 run --name '-x/y' "$B" true
  assert_has "$stderr" UCT-
  run_ct -125 run --rm --name 'a b' "$B" true
  assert_error 1406
}

@test "run: -d prints the whole id and nothing else" {
  run_ct -0 run -d "$B" sleep 1000
  [[ $output =~ ^[0-9a-f]{64}$ ]] || { show; false; }
  [ -z "$stderr" ]
}

@test "run: twenty at the same time do not get in each other's way" {
  for i in $(seq 20); do
    usr-ct run --rm "$B" echo "number $i" >"out.$i" 2>&1 3>&- &
  done
  wait
  for i in $(seq 20); do
    [ "$(cat "out.$i")" = "number $i" ] || fail "$i: $(cat "out.$i")"
  done
}

@test "run: it works from a directory that is gone" {
  mkdir doomed
  cd doomed
  rmdir ../doomed
  run_ct -0 run --rm "$B" echo fine
  assert_output fine
  cd "$BATS_TEST_TMPDIR"
}

@test "run: it works without XDG_RUNTIME_DIR and without HOME" {
  run --separate-stderr env -u XDG_RUNTIME_DIR usr-ct run --rm "$B" echo fine
  assert_status 0
  assert_output fine
  [ -z "$stderr" ]
  run --separate-stderr env -u HOME usr-ct run --rm "$B" echo fine
  assert_status 0
  assert_output fine
}

@test "run: closed standard descriptors are no trouble" {
  run within 20 bash -c 'usr-ct run --rm "$1" true <&- >&- 2>&-' - "$B"
  [ "$status" = 0 ]
}

@test "run: --timing tells where the time goes, on stderr" {
  run_ct -0 run --rm --timing --network none "$B" echo fine
  assert_output fine
  assert_has "$stderr" ms
}
