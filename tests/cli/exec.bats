#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# exec - one more command in a container that runs
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
}
teardown() {
  remove_all_and_check
}

# A container "box" that does nothing.
start_c() { # [OPTION...]
  usr-ct run -d --name box "$@" "$B" sleep 1000 >/dev/null
}

person() {
  run "$BATS_TEST_DIRNAME/../fixtures/terminal.py" "$@"
  [ "$status" = 0 ] || { printf '%s\n' "$output"; false; }
}

runs_in_c() { # COMMAND LINE, as ps in the container shows it
  usr-ct exec box ps -o args | grep -qxF -- "$1"
}

runs_not_in_c() {
  ! runs_in_c "$1"
}

pid_named() { # COMM
  local pid
  for pid in $(our_processes); do
    [[ $(cat "/proc/$pid/comm" 2>/dev/null) != "$1" ]] || printf '%s\n' "$pid"
  done
}

no_sessions() {
  [[ -z $(pid_named usr-ct-exec) ]]
}

@test "exec: groups that the container was made with stay, whoever is the user" {
  usr-ct run -d --name ct --network none --group-add 7,8 --group-add 9 "$B" sleep 1000 >/dev/null
  [ "$(usr-ct exec ct id -G)" = "0 7 8 9" ]
  [ "$(usr-ct exec --user 0:0 ct id -G)" = "0 7 8 9" ]
  [ "$(usr-ct exec --user 1000:1000 ct id -G)" = "1000 7 8 9" ]
  [ "$(usr-ct inspect -f '{{len .ExecIDs}}' ct)" = 0 ]
}

@test "exec: output, error output and exit status are the command's" {
  start_c
  run_ct -7 exec box sh -c 'echo out; echo err >&2; exit 7'
  assert_output out
  [ "$stderr" = err ]
  run_ct -0 container exec box true
  run_ct -137 exec box sh -c 'kill -9 $$'
  run_ct -143 exec box sh -c 'kill $$'
}

@test "exec: 126, 127 and 125 as Docker's, with our errors" {
  start_c
  run_ct -127 exec box no-such-command
  assert_error 1408
  run_ct -127 exec box /no/such/command
  assert_error 1408
  run_ct -126 exec box /etc
  assert_error 1409
  run_ct -127 exec -w /no/such/dir box true
  assert_error 1420
  run_ct -126 exec -w /etc/passwd box true
  assert_error 1420
  run_ct -125 exec -w relative box true
  assert_error 1102
  run_ct -125 exec -u nobody-knows-me box true
  assert_error 1410
  run_ct -125 exec nothing true
  assert_error 1401
  run_ct -125 exec box
  assert_has "$stderr" "needs a command"
  run_ct -125 exec --no-such-flag box true
}

@test "exec: in the container's namespaces and cgroup, with its privileges" {
  start_c
  run_ct -0 exec box sh -c 'for n in cgroup ipc mnt net pid user uts; do
    [ "$(readlink /proc/self/ns/$n)" = "$(readlink /proc/1/ns/$n)" ] || echo "differs: $n"; done
    for f in Cap Seccomp: NoNewPrivs Groups Uid; do
    [ "$(grep ^$f /proc/self/status)" = "$(grep ^$f /proc/1/status)" ] || echo "differs: $f"; done
    [ "$(cat /proc/self/limits)" = "$(cat /proc/1/limits)" ] || echo differs: limits
    cat /proc/self/cgroup | tail -1; umask; ulimit -n | grep -q . && hostname'
  assert_lacks "$output" differs
  assert_has "$output" "0::/"
  usr-ct exec -d box sleep 1001
  # Both are where the container's limits count.
  pid=$(inspect_field box .State.Pid)
  cgroup=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
  [ "$(wc -l <"$cgroup/cgroup.procs")" = 2 ]
}

@test "exec: nothing but 0, 1 and 2 is open, whatever the caller has open" {
  start_c
  for flags in "" -i -t -it -d; do
    case $flags in
    *t*) continue ;; # below
    -d)
      usr-ct exec -d box sleep 1010 9</etc/passwd
      pid=$(usr-ct exec box ps -o pid,args | sed -n 's/^ *\([0-9]*\) sleep 1010$/\1/p')
      output=$(usr-ct exec box ls "/proc/$pid/fd")
      ;;
    *)
      # shellcheck disable=SC2086,SC2016
      output=$(usr-ct exec $flags box sh -c 'ls /proc/$$/fd; true' 9</etc/passwd </dev/null)
      ;;
    esac
    [ "$(tr '\n' ' ' <<<"$output")" = "0 1 2 " ] || fail "$flags: $output"
  done
  # A shell on a terminal opens it once more.
  person usr-ct exec -it box ls -l /proc/self/fd -- 'expect:0 -> /dev/pts/0' 'expect:2 -> /dev/pts/0' exit:0
  assert_lacks "$output" " 4 -> "
}

@test "exec: environment, user, directory" {
  start_c -e FROM=container -e BOTH=container -w /tmp
  run_ct -0 exec -e BOTH=exec -e NEW=x=y box sh -c 'echo $FROM $BOTH $NEW $PWD $HOME $(id -u)'
  assert_output "container exec x=y /tmp /root 0"
  MINE=mine run_ct -0 exec -e MINE -e NOT_SET_HERE box sh -c 'echo $MINE ${NOT_SET_HERE-none}'
  assert_output "mine none"
  run_ct -0 exec -u 1000:7 -w /usr box sh -c 'echo $(id -u) $(id -g) $(id -G) $PWD'
  assert_output "1000 7 7 /usr"
  printf '# comment\n\n A=1\r\nB= two words \n%s\nC=#3\n' MINE >vars
  MINE=mine run_ct -0 exec --env-file vars -e A=2 box sh -c 'echo "$A|$B|$MINE|$C"'
  assert_output "2| two words |mine|#3"
  printf 'A=1\nA B=2\n' >vars
  run_ct -125 exec --env-file vars box true
  assert_error 1102 "vars:2"
  run_ct -125 exec --env-file nothing box true
}

@test "exec: the container's user is the default, and another may be given" {
  start_c --user 1000:1000
  run_ct -0 exec box sh -c 'echo $(id -u):$(id -g); grep CapEff /proc/self/status'
  assert_has "$output" 1000:1000
  assert_has "$output" "CapEff:	0000000000000000"
  run_ct -0 exec -u 0 box id -u
  assert_output 0
}

@test "exec --privileged: all capabilities of the user namespace, no filter" {
  start_c
  run_ct -0 exec --privileged box sh -c 'grep -E "^(CapEff|Seccomp):" /proc/self/status; mount -t tmpfs none /tmp && umount /tmp && echo mounted'
  assert_has "$output" "$(unfiltered)"
  assert_has "$output" mounted
  run_ct exec box mount -t tmpfs none /tmp
  [ "$status" != 0 ]
}

@test "exec -i: input arrives whole, and so does its end" {
  start_c
  head -c 3000000 /dev/urandom >data
  usr-ct exec -i box cat <data >copy
  cmp data copy
  # Without -i there is none.
  run_ct -0 exec box cat <data
  assert_output ""
}

@test "exec: a child in the background that keeps the output does not keep us" {
  start_c
  run_ct -0 exec box sh -c 'sleep 1002 & echo done'
  assert_output "done"
  wait_until runs_in_c "sleep 1002"
}

@test "exec -d: returns when it runs, says so when it cannot" {
  start_c
  run_ct -0 exec -d box sh -c 'echo seen >/tmp/x; exec sleep 1003'
  assert_output ""
  wait_until runs_in_c "sleep 1003"
  run_ct -127 exec -d box no-such-command
  assert_error 1408
  person usr-ct exec -d -t box sh -c 'tty >/tmp/tty' -- exit:0
  wait_until usr-ct exec box grep -q /dev/pts /tmp/tty
  # None is left as a zombie by a first process that does not wait.
  usr-ct exec -d box true
  wait_until runs_not_in_c "[true]"
}

@test "exec: not in a container that does not run" {
  usr-ct create --name box "$B" true
  run_ct -125 exec box true
  assert_error 1405
  usr-ct start box >/dev/null
  wait_until is_state box exited
  run_ct -125 exec box true
  assert_error 1405
}

@test "exec: in a container that is frozen it is an error, not a wait" {
  start_c
  pid=$(inspect_field box .State.Pid)
  cgroup=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
  echo 1 >"$cgroup/cgroup.freeze"
  run_ct -125 exec box true
  assert_error 1807
  echo 0 >"$cgroup/cgroup.freeze"
  run_ct -0 exec box true
}

@test "exec: a working directory never leads out of the container" {
  start_c
  for dir in /proc/self/fd/3 /proc/self/fd/4 /proc/self/fd/5 /proc/self/fd/6 /proc/self/cwd /proc/1/cwd /dev/fd/5/..; do
    run_ct exec -w "$dir" box ls
    [[ $status == 126 || $status == 127 ]] || fail "$dir: $status $output"
  done
  usr-ct exec box ln -s /proc/self/fd/4 /tmp/link
  run_ct exec -w /tmp/link box ls
  [[ $status == 126 || $status == 127 ]]
  usr-ct exec box ln -s ../../../../../../etc /tmp/up
  run_ct -0 exec -w /tmp/up box cat hostname
  assert_has "$(usr-ct exec box hostname)" "$output"
}

@test "run: a working directory never leads out of the container, nor makes anything there" {
  for dir in /proc/self/fd/3 /proc/self/fd/4 /proc/self/fd/5/made /proc/self/fd/8 /proc/self/cwd/made; do
    run_ct run --rm -w "$dir" "$B" ls
    [[ $status == 125 || $status == 126 || $status == 127 ]] || fail "$dir: $status $output"
  done
  run_ct -0 run --rm -w /new/dir -u 1000 "$B" sh -c 'pwd; touch x && echo yes'
  assert_output "/new/dir
yes"
}

@test "exec: what the container's first process does to itself keeps nobody out" {
  start_c --init
  run_ct -0 exec box sh -c 'echo in'
  assert_output in
  usr-ct rm -f box
  start_c --read-only --network none
  run_ct -0 exec box sh -c 'touch /x 2>/dev/null || echo read-only'
  assert_output read-only
  usr-ct rm -f box
  # The root directory's own place is covered, links lie where ours would be.
  usr-ct run -d --name box "$B" sh -c 'rm -rf /tmp; ln -s /proc/1/root /tmp; ln -sf /proc/1/exe /bin/true2; chmod 0 /etc; exec sleep 1000'
  wait_until usr-ct exec box test -L /tmp
  run_ct -0 exec box sh -c 'echo in'
  assert_output in
}

@test "exec: until it is the command, the container cannot look into it" {
  # A process inside that watches for newcomers all the time, while fifty come.
  usr-ct run -d --name box "$B" sh -c 'while :; do for p in /proc/[0-9]*; do
    x="$(readlink $p/exe) $(readlink $p/fd/3) $(readlink $p/cwd)"; case "$x" in *memfd*|*usr-ct*|*socket*) echo "SEEN $x";; esac
    head -c 1 $p/maps >/dev/null 2>&1; done; done' >/dev/null
  for _ in $(seq 50); do
    usr-ct exec box true
  done
  run_ct -0 logs box
  assert_lacks "$output" SEEN
}

@test "exec: sixty at once" {
  start_c
  for i in $(seq 60); do
    usr-ct exec box sh -c "echo \$((1000 + $i))" >"out.$i" 2>&1 3>&- &
  done
  wait
  [ "$(cat out.* | sort | uniq | wc -l)" = 60 ]
  [ "$(cat out.* | sort | head -1)" = 1001 ]
  wait_until no_sessions
}

@test "exec: ends with the container" {
  start_c
  usr-ct exec box sleep 1004 >out 2>&1 3>&- &
  client=$!
  wait_until runs_in_c "sleep 1004"
  usr-ct rm -f box
  code=0
  wait "$client" || code=$?
  [ "$code" = 137 ]
  wait_until no_sessions
}

@test "exec: works when the container's monitor is dead" {
  start_c
  monitor=$(pid_named usr-ct-monitor)
  kill -9 "$monitor"
  wait_until is_gone "$monitor"
  run_ct -0 exec box echo still
  assert_output still
}

@test "exec: kill -9 of the client lets the command go on, its input is at its end" {
  start_c
  mkfifo in
  usr-ct exec -i box sh -c 'cat >/tmp/input; echo "ended" >>/tmp/input; echo into the void; exec sleep 1005' <in >out 2>&1 3>&- &
  client=$!
  exec 8>in
  echo line >&8
  wait_until usr-ct exec box grep -q line /tmp/input
  kill -9 "$client"
  wait_until usr-ct exec box grep -q ended /tmp/input
  exec 8>&-
  wait_until runs_in_c "sleep 1005"
  usr-ct exec box killall sleep || true
}

@test "exec: kill -9 of its session is told, and leaves nothing" {
  start_c
  usr-ct exec box sh -c 'echo ready; exec sleep 1006' >out 2>err 3>&- &
  client=$!
  wait_until file_has out ready
  kill -9 "$(pid_named usr-ct-exec)"
  code=0
  wait "$client" || code=$?
  [ "$code" = 125 ]
  assert_has "$(cat err)" UCT-1421
}

@test "exec -it: a terminal of the container's own, with sizes, keys and status" {
  start_c
  person usr-ct exec -it box sh -- 'expect:# ' raw 'send:stty size\r' 'expect:24 80' size:50x132 \
    'send:until stty size | grep -q 132; do usleep 1000; done; tty; echo $TERM\r' expect:/dev/pts/ expect:xterm \
    'send:trap "echo caught; exit 4" INT; echo re""ady; while :; do usleep 1000; done\r' expect:ready 'send:\x03' expect:caught exit:4 restored
  person usr-ct exec -it -u 1000 box sh -c 'echo hello >/dev/tty; test -t 2 && echo yes' -- expect:hello expect:yes exit:0
  run_ct -125 exec -it box true </dev/null
  assert_has "$stderr" "not a TTY"
  run_ct -0 exec -t box sh -c 'test -t 1 && echo terminal' </dev/null
  assert_has "$output" terminal
}

@test "exec -it: the detach keys leave it running" {
  start_c
  person usr-ct exec -it box sh -c 'echo ready; sleep 1008' -- expect:ready 'send:\x10\x11' exit:0 restored
  runs_in_c "sleep 1008" || runs_in_c "sh -c echo ready; sleep 1008"
}

@test "exec -it: kill -9 of the client or a hangup leaves the terminal as it was" {
  start_c
  person usr-ct exec -it box sh -c 'echo ready; exec sleep 1009' -- expect:ready raw signal:KILL restored
  runs_in_c "sleep 1009"
  person usr-ct exec -it box sh -- 'expect:# ' hangup
  person usr-ct exec -it box no-such-command -- expect:UCT-1408 exit:127 restored
}

# A container whose image has one program and nothing else.
start_bare() {
  usr-ct run -d --name box --entrypoint /bin/sleep "$B" 1000 >/dev/null
  usr-ct exec box sh -c 'cd /bin; for f in *; do [ "$f" = sleep ] || [ "$f" = busybox ] || [ "$f" = rm ] || rm -f "$f"; done; rm -f rm'
}

@test "exec --tools: an image at /, the container at /container" {
  start_bare
  run_ct -127 exec box ls
  run_ct -0 exec --tools "$B" box sh -c 'pwd; ls /container/bin; ps -o args; touch /tmp/x'
  assert_has "$output" /container
  assert_has "$output" sleep
  assert_has "$output" "/bin/sleep 1000"
}

@test "exec --tools: read-only tools, the container's files can be changed, its mounts stay" {
  start_c
  before=$(usr-ct exec box cat /proc/self/mountinfo)
  run_ct -0 exec --tools "$B" box sh -c 'echo changed >/container/tmp/x; touch /etc/x 2>/dev/null || echo read-only; ls -A / | tr "\n" " "; mount | grep -c .'
  assert_has "$output" read-only
  assert_lacks "$output" .tools
  [ "$(usr-ct exec box cat /tmp/x)" = changed ]
  [ "$(usr-ct exec box cat /proc/self/mountinfo)" = "$before" ]
  # By default a shell; a directory of the host will do, with dynamically linked programs.
  [ "$(echo 'echo from the shell' | usr-ct exec -i --tools "$B" box)" = "from the shell" ]
  run_ct -0 exec --tools / box bash -c 'cat /container/etc/passwd >/dev/null; ls /proc/1/root/bin/busybox; cat /proc/1/comm'
  assert_has "$output" sleep
  person usr-ct exec -it --tools "$B" box -- 'expect:# ' 'send:tty; cd /container/tmp; cat x; exit 3\r' expect:/dev/pts/ expect:changed exit:3 restored
}

@test "exec --tools: what cannot be is an error" {
  start_c
  run_ct -125 exec --tools no-such-image box
  assert_error 1202
  run_ct -125 exec --tools ./no-such-dir box
  assert_error 1104
  run_ct -125 exec --tools /etc/passwd box
  assert_error 1104
  mkdir empty
  run_ct -127 exec --tools ./empty box
  assert_error 1408
  run_ct -125 exec -u nobody-knows --tools "$B" box true
  assert_error 1410
}
