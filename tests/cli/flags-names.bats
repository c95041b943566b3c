#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# flags-names - names, files and namespaces: hosts, DNS, labels, cidfile, replace, rmi, ipc, pid, uts
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

inside() { # FLAG... IMAGE COMMAND...
  run_ct run --rm --network none "$@"
}

# --- /etc

@test "names: --add-host, several names, IPv6; the first line counts" {
  inside --add-host web:192.0.2.1 --add-host 'a;b:[2001:db8::1]' --add-host c=192.0.2.2 "$B" cat /etc/hosts
  assert_has "$output" $'192.0.2.1\tweb\n2001:db8::1\ta b\n192.0.2.2\tc\n127.0.0.1\tlocalhost'
  for h in web web:nowhere 'we b:192.0.2.1' :192.0.2.1 $'x\ny:192.0.2.1'; do
    inside --add-host "$h" "$B" true
    assert_status 125
    assert_error 1102
  done
}

@test "names: host-gateway is an address of the host, or an error that says why not" {
  inside --add-host h:host-gateway "$B" true
  assert_status 125
  assert_error 1129
  run_ct run --rm --network host --add-host h:host-gateway "$B" cat /etc/hosts
  if ip -br addr show up scope global 2>/dev/null | grep -qv '^lo'; then
    assert_status 0
    grep -qE '^[0-9a-f.:]+[[:space:]]h$' <<<"${lines[0]}" || fail "$output"
  else
    assert_error 1129
  fi
}

@test "names: --dns, --dns-search and --dns-option replace what comes from the host" {
  inside --dns 192.0.2.53 --dns 2001:db8::53 --dns-search a.example --dns-search b.example \
    --dns-option ndots:3 --dns-opt rotate "$B" cat /etc/resolv.conf
  assert_output $'search a.example b.example\noptions ndots:3 rotate\nnameserver 192.0.2.53\nnameserver 2001:db8::53'
  inside --dns-search . "$B" cat /etc/resolv.conf
  assert_lacks "$output" search
  for f in --dns=nowhere '--dns-search=a b' $'--dns-option=x\nnameserver 6.6.6.6'; do
    inside "$f" "$B" true
    assert_status 125
    assert_error 1102
  done
}

@test "names: --dns none, --no-hosts and --no-hostname leave the image's files" {
  inside --dns none --no-hosts --no-hostname "$B" sh -c 'grep -c " /etc/" /proc/mounts; ls /etc/hosts /etc/hostname /etc/resolv.conf'
  [[ ${lines[0]} == 0 ]] || fail "$output"
  inside --dns none --dns 192.0.2.1 "$B" true
  assert_error 1131
  inside --no-hosts --add-host a:192.0.2.1 "$B" true
  assert_error 1131
}

@test "names: the files are writable inside, and fresh at each start" {
  run_ct -0 create --network none --name fil "$B" sh -c 'grep -c mine /etc/hosts; echo mine >>/etc/hosts; grep -c mine /etc/hosts'
  run_ct start -a fil
  assert_output $'0\n1'
  run_ct start -a fil
  assert_output $'0\n1'
}

@test "names: --hostname and --domainname" {
  inside --hostname box --domainname example.org "$B" sh -c 'hostname; cat /proc/sys/kernel/domainname /etc/hostname; tail -1 /etc/hosts'
  assert_output $'box\nexample.org\nbox\n127.0.0.1\tbox.example.org box'
}

# --- namespaces

@test "names: --uts, --ipc, --pid, --cgroupns host share what their name says" {
  inside --uts host --ipc host --pid host --cgroupns host "$B" sh -c 'for n in uts ipc pid cgroup; do readlink /proc/self/ns/$n; done; hostname'
  assert_output "$(for n in uts ipc pid cgroup; do readlink /proc/self/ns/$n; done; uname -n)"
  inside --uts private --ipc private --pid private --cgroupns private "$B" sh -c 'for n in uts ipc pid cgroup; do readlink /proc/self/ns/$n; done'
  for n in uts ipc pid cgroup; do
    assert_lacks "$output" "$(readlink /proc/self/ns/$n)"
  done
}

@test "names: --ipc host shows the host's /dev/shm, --ipc none has none" {
  echo x >/dev/shm/usrct-test-$$
  inside --ipc host "$B" cat /dev/shm/usrct-test-$$
  rm -f /dev/shm/usrct-test-$$
  assert_output x
  inside --ipc none "$B" test -e /dev/shm
  assert_status 1
}

@test "names: with --pid host nothing outlives the container" {
  run_ct -0 run -d --network none --pid host --name pro "$B" sh -c 'sleep 987654 & sleep 987655 & echo ready; exec sleep 987656'
  wait_until log_has pro ready
  run_ct -0 kill pro
  wait_until is_state pro exited
  wait_until bash -c '! grep -lz "98765[456]" /proc/[0-9]*/cmdline'
}

@test "names: namespaces that cannot be joined are refused with the reason" {
  for f in --ipc=ns:/x --pid=ns:/x --uts=ns:/x --network=container:x --cgroupns=container:x --cgroupns=ns:/x; do
    inside "$f" "$B" true
    assert_status 125
    [[ $stderr == *UCT-1121* || $stderr == *UCT-1102* ]] || fail "$f: $stderr"
    assert_has "$stderr" "hint: "
  done
  inside --userns host "$B" id -u
  assert_output 0
  inside --uts host --hostname x "$B" true
  assert_error 1131
}

@test "names: --network bridge and default are the private one" {
  for n in bridge default; do
    run_ct -0 create --network "$n" "$B" true
  done
  run_ct create --network my-net "$B" true
  assert_error 1102
}

# --- labels, annotations

@test "names: --label, --label-file, --annotation" {
  printf '# no label\nfrom=file\nalone\nboth=file\n' >labels
  run_ct -0 create --label-file labels -l both=flag --label x=y=z --annotation note=1 --name lab "$B"
  [ "$(inspect_field lab '.Config.Labels | to_entries | map("\(.key)=\(.value)") | sort | join(" ")')" = "alone= both=flag from=file x=y=z" ]
  [ "$(inspect_field lab .HostConfig.Annotations.note)" = 1 ]
  [ "$(inspect_field lab .OCI.annotations.note)" = 1 ]
  run_ct create --annotation io.usr-ct.user=0 "$B"
  assert_error 1102
}

# --- files with numbers

@test "names: --cidfile gets the id, is never overwritten, and goes if there is no container" {
  run_ct -0 create --cidfile id "$B" true
  [ "$(cat id)" = "$output" ]
  run_ct create --cidfile id "$B" true
  assert_error 1127
  inside --cidfile other "$B" sh -c 'exit 3'
  assert_status 3
  [ "$(wc -c <other)" = 64 ]
  run_ct create --cidfile third --umask 999 "$B"
  [[ ! -e third ]]
}

@test "names: --pidfile has the number that the host sees, from each start" {
  run_ct -0 run -d --network none --name pro --pidfile pid "$B" sleep 600
  [ "$(cat pid)" = "$(inspect_field pro .State.Pid)" ]
  first=$(cat pid)
  run_ct -0 kill pro
  wait_until is_state pro exited
  cd /
  run_ct -0 start pro
  cd "$BATS_TEST_TMPDIR"
  [ "$(cat pid)" = "$(inspect_field pro .State.Pid)" ]
  [ "$(cat pid)" != "$first" ]
}

# --- replace, rmi, pull

@test "names: --replace takes the place of a running container, once the new one can be made" {
  run_ct -0 run -d --network none --name rep "$B" sleep 600
  first=$(inspect_field rep .Id)
  run_ct create --name rep "$B"
  assert_error 1403
  run_ct create --replace --name rep -v ./missing:/x "$B"
  assert_error 1104
  [ "$(inspect_field rep .Id)" = "$first" ]
  is_state rep running
  run_ct -0 create --replace --name rep "$B" true
  [ "$(inspect_field rep .Id)" != "$first" ]
  [ "$(usr-ct ps -aq | wc -l)" = 1 ]
  run_ct -0 create --replace --name fresh "$B" true
  run_ct create --replace "$B"
  assert_error 1101 --name
}

@test "names: --rmi removes the image after the container, unless others use it" {
  usr-ct pull -q "$REGISTRY/entry" >/dev/null
  run_ct -0 create --name user --network none "$REGISTRY/entry"
  run_ct -0 run --rmi --network none "$REGISTRY/entry"
  usr-ct inspect "$REGISTRY/entry" >/dev/null
  run_ct -0 rm user
  run_ct -0 run --rmi --network none "$REGISTRY/entry"
  run_ct inspect "$REGISTRY/entry"
  assert_status 1
  [[ -z $(usr-ct ps -aq) ]]
  # In the background: the next command that writes sees to it.
  run_ct -0 run -d --rmi --network none "$REGISTRY/entry"
  wait_until bash -c '[[ -z $(usr-ct ps -aq) ]]'
  run_ct rm -f nobody
  run_ct inspect "$REGISTRY/entry"
  assert_status 1
}

@test "names: --pull newer fetches, and makes do with what is here" {
  run_ct -0 run --rm --network none --pull newer "$B" true
  mkdir empty
  run_ct -125 run --rm --network none --pull newer "oci:$PWD/empty:x" true
  run_ct -0 run --rm --network none --pull never "$B" true
}

@test "names: --platform of another machine is not the image that is here" {
  run_ct run --rm --network none --pull never --platform linux/s390x "$B" true
  assert_status 125
  assert_error 1211
  run_ct -0 run --rm --network none --pull never --arch "$(uname -m)" "$B" true
  run_ct run --platform linux/amd64 --arch arm64 "$B"
  assert_error 1131
}

# --- attaching

@test "names: --attach chooses the streams" {
  inside -a stdout "$B" sh -c 'echo out; echo err >&2'
  assert_output out
  [ -z "$stderr" ]
  inside -a stderr "$B" sh -c 'echo out; echo err >&2'
  assert_output ''
  [ "$stderr" = err ]
  run --separate-stderr usr-ct run --rm --network none -i -a stdin -a stdout "$B" cat <<<text
  assert_output text
  inside -a nosuch "$B" true
  assert_error 1102
  run_ct run -d -a stdout "$B" true
  assert_error 1131
}

# --- inspect

@test "names: inspect shows what was asked for, under Docker's names" {
  run_ct -0 create --name ins --cap-add NET_ADMIN --ulimit nofile=10:20 --shm-size 1m --dns 192.0.2.1 \
    --add-host a:192.0.2.2 --security-opt no-new-privileges --group-add 5 --oom-score-adj 7 --pid host \
    --tmpfs /t:size=1m --sysctl net.ipv4.ip_forward=1 --init -v "$PWD:/vol:ro" --device /dev/null:/dev/x --entrypoint args "$B" one
  usr-ct inspect ins | jq -e '.[0] | .HostConfig as $h |
    ($h.CapAdd == ["NET_ADMIN"]) and ($h.Ulimits == [{"Name":"nofile","Soft":10,"Hard":20}]) and
    ($h.ShmSize == 1048576) and ($h.Dns == ["192.0.2.1"]) and ($h.ExtraHosts == ["a:192.0.2.2"]) and
    ($h.SecurityOpt == ["no-new-privileges"]) and ($h.GroupAdd == ["5"]) and ($h.OomScoreAdj == 7) and
    ($h.PidMode == "host") and ($h.Tmpfs == {"/t":"size=1m"}) and $h.Init and ($h.Privileged | not) and
    ($h.Sysctls == {"net.ipv4.ip_forward":"1"}) and ([.Mounts[].Destination] == ["/vol"]) and
    (.Config.Entrypoint == ["args"]) and (.Config.Cmd == ["one"]) and (.Config.StopTimeout == 10)'
}
