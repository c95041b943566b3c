# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# helpers - what every cli test shares: a store of its own, images, looking for leftovers
#
# Run by `tests/run cli`, which sets USRCT_TEST_* and PATH, as an ordinary user. Each file has a
# fresh store and runtime directory; each test ends with assert_nothing_left (in teardown).

bats_require_minimum_version 1.5.0

REGISTRY=${USRCT_TEST_REGISTRY:-}
IMAGES=${USRCT_TEST_IMAGES:-}
CGROUP=${USRCT_TEST_CGROUP:-}

# For files that run containers: a store with the image "busybox" in it.
setup_store() { # [IMAGE...]
  local image
  # Short, since a Unix socket's path has at most 107 bytes.
  FILE_DIR=$(mktemp -d /tmp/uct.XXXXXX)
  export FILE_DIR
  export XDG_DATA_HOME=$FILE_DIR/data XDG_CONFIG_HOME=$FILE_DIR/config
  mkdir -m 700 "$XDG_DATA_HOME" "$XDG_CONFIG_HOME"
  if [[ -n ${USRCT_TEST_SYSTEMD:-} ]]; then
    # The session's own, with the bus in it. Units of systemd --user run like the tests.
    systemctl --user import-environment PATH XDG_DATA_HOME XDG_CONFIG_HOME \
      "${!ASAN_@}" "${!UBSAN_@}" "${!USRCT_@}"
  else
    export XDG_RUNTIME_DIR=$FILE_DIR/run
    mkdir -m 700 "$XDG_RUNTIME_DIR"
  fi
  for image in "$@"; do
    usr-ct pull "$REGISTRY/$image" >/dev/null
  done
}

teardown_store() {
  local pid
  usr-ct ps -aq 2>/dev/null | xargs -r usr-ct rm -f >/dev/null 2>&1 || true
  for pid in $(our_processes); do
    kill -9 "$pid" 2>/dev/null || true
  done
  # Layers and what containers wrote may belong to subordinate ids: be root of these while removing.
  [[ $FILE_DIR != /tmp/uct.* ]] || unshare --map-auto --map-root-user rm -rf "$FILE_DIR" || rm -rf "$FILE_DIR"
}

# --- waiting

# How many times slower than usual a machine may be: each deadline is multiplied by it.
PATIENCE=${USRCT_TEST_PATIENCE:-1}

# Tries a command until it succeeds, for at most 15 seconds, or WAIT_S. The only wait by the clock.
wait_until() { # COMMAND...
  local deadline=$((SECONDS + ${WAIT_S:-15} * PATIENCE))
  until "$@" >/dev/null 2>&1; do
    if [[ $SECONDS -ge $deadline ]]; then
      printf 'waited in vain for: %s\n' "$*"
      return 1
    fi
    read -rt 0.02 <> <(:) || true
  done
}

# A command that must not take longer.
within() { # SECONDS COMMAND...
  timeout -k 1 $(($1 * PATIENCE)) "${@:2}"
}

file_has() { # FILE TEXT
  grep -qF -- "$2" "$1"
}

log_has() { # CONTAINER TEXT
  usr-ct logs "$1" 2>&1 | grep -qF -- "$2"
}

is_state() { # CONTAINER STATE
  [[ $(inspect_field "$1" .State.Status) == "$2" ]]
}

is_gone() { # PID
  [[ ! -e /proc/$1 || $(sed -n 's/^State:\s*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null) == Z ]]
}

# Whether the machine hands the memory controller down to us (the virtual machine does).
has_controllers() { # IMAGE
  usr-ct run --rm -m 64m "$1" true 2>/dev/null
}

# Also where it only seems to be an older one (tests/as-user --without kernel:VERSION).
has_linux() { # VERSION
  local have
  have=$(uname -r | grep -oE '^[0-9]+\.[0-9]+')
  [[ ${USRCT_TEST_WITHOUT:-} != kernel:* ]] || have=${USRCT_TEST_WITHOUT#kernel:}
  [[ $(printf '%s\n' "$1" "$have" | sort -V | head -1) == "$1" ]]
}

# For what has no other way on older kernels.
needs_linux() { # VERSION WHAT
  has_linux "$1" || skip "needs Linux $1: $2"
}

# For the tools of others, which the virtual machine does without.
needs_tools() { # NAME...
  local tool
  [[ -n ${USRCT_TEST_VM:-} ]] || return 0
  for tool; do
    command -v "$tool" >/dev/null || skip "the virtual machine has no $tool"
  done
}

# User-mode Linux tells of no processor's cores, without which procps does not find the time of boot.
needs_ps() {
  [[ $(ps -ef | wc -l) -gt 1 ]] || skip "ps does not work on this machine"
}

# What /proc/PID/status says where there is no filter but the one that we have ourselves, if any.
unfiltered() {
  grep ^Seccomp: /proc/self/status
}

# Where its cgroup is, as the state file says.
container_cgroup() { # NAME
  sed -n 's/^cgroup=//p' "$XDG_DATA_HOME/usr-ct/containers/$(inspect_field "$1" .Id)/state"
}

inspect_field() { # NAME JQ
  usr-ct inspect "$1" | jq -r ".[0]$2"
}

# --- looking at results

fail() {
  printf '%s\n' "$*" >&2
  return 1
}

show() {
  printf 'status: %s\nstdout: %s\nstderr: %s\n' "${status-}" "${output-}" "${stderr-}"
}

assert_status() { # STATUS
  [[ $status == "$1" ]] || { show; fail "expected exit status $1"; }
}

assert_output() { # TEXT, the whole of stdout
  [[ $output == "$1" ]] || { show; fail "expected exactly: $1"; }
}

assert_has() { # TEXT WANTED
  [[ $1 == *"$2"* ]] || { show; fail "expected to find '$2' in: $1"; }
}

assert_lacks() { # TEXT UNWANTED
  [[ $1 != *"$2"* ]] || { show; fail "expected not to find '$2' in: $1"; }
}

# Runs usr-ct and keeps stdout and stderr apart. `run_ct -125 run ...` also checks the status.
run_ct() { # [-STATUS] ARGUMENT...
  local expected=
  if [[ $1 =~ ^-[0-9]+$ ]]; then
    expected=${1#-}
    shift
  fi
  run --separate-stderr usr-ct "$@"
  [[ -z $expected ]] || assert_status "$expected"
}

# A failure as it must look: one line what, one line what to do, and the code that explain knows.
assert_error() { # CODE [TEXT]
  assert_has "$stderr" "UCT-$1"
  [[ $stderr =~ (^|$'\n')'usr-ct: ' ]] || { show; fail "the error does not start with 'usr-ct: '"; }
  [[ $stderr =~ (^|$'\n')'hint: '.+ ]] || { show; fail "there is no hint"; }
  [[ -z ${2:-} ]] || assert_has "$stderr" "$2"
  assert_lacks "$stderr" "Sanitizer"
  usr-ct explain "UCT-$1" | grep -q . || fail "explain does not know UCT-$1"
}

# --- leftovers

# Processes of ours in the delegated cgroup: our programs, theirs, and what runs in containers. Our
# own shell has the same user namespace and other names. Without a fork for each process: there may
# be many, and in the virtual machine a fork is slow.
our_processes() {
  local pid comm key uid
  for pid in $(find "$CGROUP" -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un); do
    { read -r comm <"/proc/$pid/comm"; } 2>/dev/null || continue
    case $comm in
    usr-ct* | slirp4netns | pasta* | passt* | newuidmap | newgidmap)
      printf '%s\n' "$pid"
      continue
      ;;
    '(sd-pam)') continue ;;
    esac
    # Unreadable also means: not ours to look into, so in another user namespace ...
    [[ ! /proc/$pid/ns/user -ef /proc/self/ns/user ]] || continue
    uid=0
    while read -r key uid _; do
      [[ $key != Uid: ]] || break
    done 2>/dev/null <"/proc/$pid/status" || true
    # ... unless it is root's, who began this session (tests/as-user --without userns, runuser).
    [[ ${uid:-0} == 0 ]] || printf '%s\n' "$pid"
  done
}

# The holder stays a while by design.
leftover_processes() {
  local pid
  for pid in $(our_processes); do
    if [[ $(cat "/proc/$pid/comm" 2>/dev/null) != usr-ct-hold ]] && ! is_gone "$pid"; then
      printf '%s %s\n' "$pid" "$(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)"
    fi
  done
}

no_leftover_processes() {
  [[ -z $(leftover_processes) ]]
}

# A directory that is empty or not there.
is_bare() { # DIR
  [[ -z $(ls -A "$1" 2>/dev/null) ]]
}

cgroup_dirs() {
  find "$CGROUP" -mindepth 1 -type d 2>/dev/null | sort
}

# Directories named after a container that hold no process any more.
leftover_cgroups() {
  local dir
  for dir in $(cgroup_dirs | grep -E 'usr-ct-[0-9a-f]{8}|[0-9a-f]{64}'); do
    [[ -n $(find "$dir" -name cgroup.procs -exec cat {} + 2>/dev/null) ]] || printf '%s\n' "$dir"
  done
}

no_leftover_cgroups() {
  [[ -z $(leftover_cgroups) ]]
}

no_leftover_mounts() {
  ! grep -E "$FILE_DIR|fuse-overlayfs|usr-ct" /proc/self/mountinfo
}

# Nothing of a container that is gone is left anywhere. Containers must have been removed before.
# Bats calls teardown where `set -e` means nothing, so each failure must return.
assert_nothing_left() {
  local data=$XDG_DATA_HOME/usr-ct
  wait_until no_leftover_processes || fail "processes left: $(leftover_processes)" || return
  wait_until no_leftover_cgroups || fail "cgroups left: $(leftover_cgroups)" || return
  no_leftover_mounts || fail "mounts left" || return
  # What a dead process left is the next writing command's to remove.
  usr-ct rm -f no-such-container >/dev/null 2>&1 || true
  wait_until is_bare "$data/tmp" || fail "temporary files left: $(ls -R "$data/tmp")" || return
  wait_until is_bare "$data/trash" || fail "trash left: $(ls "$data/trash")" || return
  wait_until is_bare "$data/containers" || fail "containers left: $(ls "$data/containers")" || return
  [[ -z $(usr-ct ps -aq) ]] || fail "still listed: $(usr-ct ps -a)"
}

# For teardown: ends the containers of this test, then looks.
remove_all_and_check() {
  usr-ct ps -aq | xargs -r usr-ct rm -f >/dev/null || fail "cannot remove all containers" || return
  assert_nothing_left
}

# Starts tests/fixtures/bad-registry.py; sets BAD_REGISTRY and BAD_REGISTRY_PID.
start_bad_registry() { # MODE LAYOUT TAG
  local answer=$BATS_TEST_TMPDIR/registry.answer
  rm -f "$answer"
  python3 "$BATS_TEST_DIRNAME/../fixtures/bad-registry.py" "$1" "$2" "$3" "$answer" \
    </dev/null >/dev/null 2>&1 3>&- &
  BAD_REGISTRY_PID=$!
  wait_until test -s "$answer"
  BAD_REGISTRY=$(cat "$answer")
}

stop_bad_registry() {
  [[ -z ${BAD_REGISTRY_PID:-} ]] || kill "$BAD_REGISTRY_PID" 2>/dev/null || true
  BAD_REGISTRY_PID=
}

# What a container of implied-image.py sees.
is_as_implied() { # IMAGE
  run_ct -0 run --rm --network none "$1" /bin/busybox sh -c '
    b=/bin/busybox
    cd /usr/lib
    $b readlink /lib; $b readlink /abs; $b cat new own a/b/deep a/b/deeper a/twice c/in /d/y /d/sub/x /d/sub/y /gone/z /usr/new/f; echo
    $b stat -c "%n %a %u %Y" /usr /usr/lib /usr/lib/c /d /d/sub
    $b stat -c "%n %a %u" /usr/lib/a /usr/lib/a/b; $b ls /usr/lib /d /usr/new'
  assert_output "$(printf '%s\n' usr/lib /usr/lib throughowndeepdeeper1inyxyzf \
    '/usr 755 0 1000000000' '/usr/lib 2751 7 1000000000' '/usr/lib/c 700 3 1000000000' \
    '/d 711 5 1000000000' '/d/sub 2700 9 1000000000' '/usr/lib/a 755 0' '/usr/lib/a/b 755 0' \
    /d: sub y '' /usr/lib: a c new own '' /usr/new: f)"
}
