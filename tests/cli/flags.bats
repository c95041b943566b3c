#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# flags - the flags of docker run and podman run about the program: seen by what they do inside
bats_require_minimum_version 1.5.0
load helpers

setup_file() {
  setup_store busybox entry as-user
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

# In a container without a network, for speed.
inside() { # FLAG... IMAGE COMMAND...
  run_ct run --rm --network none "$@"
}

# --- environment

@test "flags: -e sets, passes on, and passes on by prefix; a file comes first" {
  printf '# comment\n\n  FROM_FILE=from file \nBOTH=file\nOWN_A\nCRLF=x\r\n' >vars
  export OWN_A=a OWN_B=b NOT=no
  inside --env-file vars -e BOTH=flag -e 'OWN_*' -e MISSING "$B" env
  assert_status 0
  assert_has "$output" $'\nFROM_FILE=from file \n'
  assert_has "$output" $'BOTH=flag\n'
  assert_has "$output" $'OWN_A=a\n'
  assert_has "$output" $'OWN_B=b\n'
  assert_has "$output" "CRLF=x"
  assert_lacks "$output" "MISSING"
  assert_lacks "$output" "NOT=no"
}

@test "flags: --env-file can be a pipe; a bad line is named; the value may hold anything" {
  inside --env-file <(printf 'Q="quoted" # not a comment\n') "$B" sh -c 'echo "$Q"'
  assert_output '"quoted" # not a comment'
  printf 'A=1\nB C=2\n' >bad
  inside --env-file bad "$B" true
  assert_status 125
  assert_error 1102 "bad:2"
  inside --env-file no-such-file "$B" true
  assert_status 125
  assert_has "$stderr" "no-such-file"
}

@test "flags: --unsetenv, --unsetenv-all, --env-host, --http-proxy" {
  inside --unsetenv GREETING --entrypoint env "$REGISTRY/entry"
  assert_lacks "$output" GREETING
  inside --unsetenv-all -e X=1 --entrypoint /bin/env "$REGISTRY/entry"
  assert_lacks "$output" GREETING
  assert_has "$output" X=1
  MINE=1 http_proxy=http://p:1 inside --env-host "$B" env
  assert_has "$output" MINE=1
  MINE=1 http_proxy=http://p:1 inside --http-proxy "$B" env
  assert_lacks "$output" MINE
  assert_has "$output" http_proxy=http://p:1
  http_proxy=http://p:1 inside "$B" env
  assert_lacks "$output" http_proxy
}

@test "flags: -e without a name is an error" {
  inside -e =x "$B" true
  assert_status 125
  assert_error 1102
}

# --- what runs, and as whom

@test "flags: --entrypoint as a JSON list, as a program, and empty" {
  inside --entrypoint '["args","a b"]' "$REGISTRY/entry" c
  assert_output $'[a b]\n[c]'
  inside --entrypoint args "$REGISTRY/entry" x
  assert_output '[x]'
  inside --entrypoint '' "$REGISTRY/entry" echo plain
  assert_output plain
}

@test "flags: --group-add by number and name, also beside a user and a group" {
  inside --group-add 4242 --group-add extra "$B" id -G
  assert_output "0 2000 4242"
  inside --user 1000:1000 --group-add 7 "$B" id -G
  assert_output "1000 7"
  inside --group-add nosuchgroup "$B" true
  assert_status 125
  assert_error 1410 nosuchgroup
}

@test "flags: --group-add keep-groups keeps the caller's groups, and stands alone" {
  inside --group-add keep-groups "$B" grep ^Groups: /proc/self/status
  assert_status 0
  inside --group-add keep-groups --group-add 7 "$B" true
  assert_status 125
  assert_error 1131
}

@test "flags: --umask" {
  inside --umask 0077 "$B" sh -c 'umask; touch /x; stat -c %a /x'
  assert_output $'0077\n600'
  inside --umask 9 "$B" true
  assert_status 125
  assert_error 1102
}

@test "flags: --init, --workdir, --stop-signal, --stop-timeout -1" {
  inside --init --workdir /made/here "$B" sh -c 'pwd; tr "\0" " " </proc/1/cmdline'
  assert_has "$output" /made/here
  assert_lacks "$output" "sh -c"
  run_ct -0 create --stop-timeout -1 --stop-signal RTMIN+3 --name sec "$B" true
  [ "$(inspect_field sec .Config.StopSignal)" = RTMIN+3 ]
  run_ct -125 run --rm --stop-signal NOSUCH "$B" true
  assert_error 1102
}

# --- limits

@test "flags: --ulimit sets both limits; the last one counts; host is the caller's" {
  inside --ulimit nofile=10 --ulimit nofile=100:200 --ulimit core=0 "$B" sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'
  assert_output $'100\n200\n0'
  inside --ulimit nofile=host "$B" sh -c 'ulimit -Hn'
  assert_output "$(ulimit -Hn)"
}

@test "flags: --ulimit above the own hard limit is told, and nonsense too" {
  run --separate-stderr bash -c "ulimit -n 512; usr-ct run --rm --network none --ulimit nofile=1024 $B true"
  assert_status 125
  assert_error 1122 512
  inside --ulimit nofile=20:10 "$B" true
  assert_error 1102
  inside --ulimit nosuch=1 "$B" true
  assert_error 1102
}

@test "flags: a limit that was allowed at create and is not at start is an error, not less" {
  run_ct -0 create --network none --name later --ulimit nofile=400:400 "$B" true
  run --separate-stderr bash -c 'ulimit -n 300; usr-ct start -a later'
  assert_has "$stderr" UCT-1122
}

@test "flags: --oom-score-adj raises, and does not lower" {
  inside --oom-score-adj 500 "$B" cat /proc/self/oom_score_adj
  assert_output 500
  inside --oom-score-adj -999 "$B" true
  assert_status 125
  assert_error 1123
  inside --oom-score-adj 1001 "$B" true
  assert_error 1102
}

@test "flags: --sysctl of the container's own namespaces" {
  inside --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=4321 --sysctl fs.mqueue.msg_max=7 "$B" \
    cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/fs/mqueue/msg_max
  assert_output $'1\n4321\n7'
}

@test "flags: --sysctl of the machine, of a shared namespace, or unknown is refused" {
  inside --sysctl vm.swappiness=1 "$B" true
  assert_status 125
  assert_error 1124 "whole machine"
  inside --sysctl net/../kernel/panic=1 "$B" true
  assert_error 1102
  inside --sysctl kernel.hostname=x "$B" true
  assert_error 1124 "flag"
  run_ct -125 run --rm --network host --sysctl net.ipv4.ip_forward=1 "$B" true
  assert_error 1124 "network is the host's"
  inside --ipc host --sysctl kernel.msgmax=1 "$B" true
  assert_error 1124 "IPC"
  inside --sysctl net.ipv4.no_such_thing=1 "$B" true
  assert_error 1102
}

# --- privileges

caps() { # NAME: as capabilities(7) numbers it, of the running container's process
  sed -n "s/^Cap$1:\s*//p" <<<"$output"
}

@test "flags: --cap-add and --cap-drop, with and without CAP_, and ALL" {
  inside --cap-drop all --cap-add cap_chown --cap-add NET_RAW "$B" cat /proc/self/status
  [ "$(caps Eff)" = 0000000000002001 ]
  [ "$(caps Bnd)" = 0000000000002001 ]
  inside --cap-drop CHOWN "$B" cat /proc/self/status
  [ "$(caps Eff)" = 00000000a80425fa ]
  inside --cap-add ALL --cap-drop CAP_SYS_ADMIN "$B" cat /proc/self/status
  (((0x$(caps Eff) >> 21 & 1) == 0))
  (((0x$(caps Eff) >> 12 & 1) == 1))
  inside --cap-add NOSUCH "$B" true
  assert_status 125
  assert_error 1102 NOSUCH
  inside --cap-add CHOWN --cap-drop CHOWN "$B" true
  assert_error 1131
}

@test "flags: a capability that was added reaches a program that is not root" {
  inside --user app --cap-add NET_BIND_SERVICE "$B" cat /proc/self/status
  [ "$(caps Eff)" = 0000000000000400 ]
  inside --user app "$B" cat /proc/self/status
  [ "$(caps Eff)" = 0000000000000000 ]
}

@test "flags: --security-opt no-new-privileges, seccomp, systempaths, mask, unmask, proc-opts" {
  inside --security-opt no-new-privileges --security-opt seccomp=unconfined "$B" cat /proc/self/status
  assert_has "$output" $'NoNewPrivs:\t1'
  assert_has "$output" "$(unfiltered)"
  inside "$B" cat /proc/self/status
  assert_has "$output" $'NoNewPrivs:\t0'
  assert_has "$output" $'Seccomp:\t2'
  inside "$B" sh -c 'wc -c </proc/timer_list; echo 1 >/proc/sys/net/ipv4/ip_forward'
  assert_status 1
  inside --security-opt systempaths=unconfined "$B" grep -c -E ' /proc/(sys|timer_list) ' /proc/mounts
  assert_output 0
  inside --security-opt mask=/etc/passwd:/home --security-opt unmask=/proc/sys "$B" \
    sh -c 'cat /etc/passwd; ls /home; grep -c " /proc/sys " /proc/mounts'
  assert_output 0
  inside --security-opt proc-opts=hidepid=2 "$B" grep ' /proc ' /proc/mounts
  assert_has "$output" hidepid
}

@test "flags: --security-opt that cannot be honoured is refused with the reason" {
  echo '{}' >profile.json
  inside --security-opt seccomp=profile.json "$B" true
  assert_status 125
  assert_error 1121 "default filter"
  inside --security-opt apparmor=docker-default "$B" true
  assert_error 1121 AppArmor
  inside --security-opt label=type:x "$B" true
  assert_error 1121 SELinux
  inside --security-opt nosuch "$B" true
  assert_error 1102
  inside --security-opt label=disable --security-opt apparmor=unconfined "$B" true
  assert_status 0
}

@test "flags: --privileged: all capabilities, no filter, nothing masked, sysctls writable" {
  inside --privileged "$B" sh -c 'cat /proc/self/status; grep -c -E " /proc/[a-z]" /proc/mounts; echo 1 >/proc/sys/net/ipv4/ip_forward && cat /proc/sys/net/ipv4/ip_forward'
  assert_status 0
  assert_has "$output" "$(unfiltered)"
  assert_has "$output" $'\n0\n1'
  (((0x$(caps Eff) >> 21 & 1) == 1))
  inside --privileged "$B" grep ' /sys ' /proc/mounts
  assert_has "$output" "sysfs rw"
}

# --- refused

@test "flags: every flag of docker run and podman run is here, or refused with a reason" {
  local flag
  while read -r flag; do
    run --separate-stderr usr-ct run "--$flag=x"
    assert_status 125
    assert_lacks "$stderr" "unknown flag"
    assert_has "$stderr" "hint: "
  done <"$BATS_TEST_DIRNAME/../fixtures/foreign-flags.txt"
}

@test "flags: -p and -P tell why not, and what to do; --expose is remembered" {
  for flag in "-p 80:80" "--publish=80" -P --publish-all; do
    # shellcheck disable=SC2086
    run_ct -125 run --rm $flag "$B" true
    assert_error 1120 publish
    assert_has "$stderr" "--network host"
  done
  run_ct -0 create --expose 80 --expose 8000-8002/udp --name exp "$B"
  [ "$(inspect_field exp '.Config.ExposedPorts | keys | join(" ")')" = "80/tcp 8000/udp 8001/udp 8002/udp" ]
  run_ct create --expose 0 "$B"
  assert_error 1102
}
