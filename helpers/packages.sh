# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# packages - which packages usr-ct needs to be built, run, tested and measured, by distribution
#
# Sourced by helpers/quickstart, tests/run and tests/bench. A new dependency is added here, once
# for each family, and nowhere else.

packages_table() { # FAMILY LIST -> names, one a line
  case $1:$2 in
  debian:build)
    printf '%s\n' gcc libc6-dev meson ninja-build pkg-config libjansson-dev libsqlite3-dev \
      libcurl4-openssl-dev libarchive-dev libssl-dev libisal-dev libzstd-dev libseccomp-dev \
      libsubid-dev libsystemd-dev
    ;;
  debian:run)
    printf '%s\n' uidmap slirp4netns fuse-overlayfs busybox-static ca-certificates procps
    ;;
  debian:test)
    printf '%s\n' libcmocka-dev g++ clang clang-format clang-tidy "$(packages_clang_rt)" valgrind \
      bats shellcheck codespell python3 python3-jsonschema iproute2 git jq skopeo umoci podman buildah docker-registry mmdebstrap \
      busybox-static tmux attr libcap2-bin zstd xz-utils bzip2 openssl passt util-linux systemd dbus-user-session btrfs-progs
    ;;
  debian:vm)
    printf '%s\n' qemu-system-x86 mmdebstrap e2fsprogs systemd debian-archive-keyring
    ;;
  debian:bench)
    printf '%s\n' podman crun bubblewrap slirp4netns python3 skopeo umoci docker-registry \
      busybox-static
    ;;
  fedora:build)
    printf '%s\n' gcc glibc-devel meson ninja-build pkgconf-pkg-config jansson-devel sqlite-devel \
      libcurl-devel libarchive-devel openssl-devel isa-l-devel libzstd-devel libseccomp-devel \
      shadow-utils-subid-devel systemd-devel
    ;;
  fedora:run)
    printf '%s\n' shadow-utils slirp4netns fuse-overlayfs busybox ca-certificates procps-ng
    ;;
  fedora:test)
    printf '%s\n' libcmocka-devel gcc-c++ clang clang-tools-extra compiler-rt libasan libubsan \
      valgrind bats ShellCheck codespell python3 python3-jsonschema iproute git-core jq skopeo umoci podman buildah docker-distribution \
      mmdebstrap busybox tmux attr libcap zstd xz bzip2 openssl passt util-linux systemd dbus-daemon btrfs-progs
    ;;
  fedora:vm) ;; # the machine is made by Debian's tools
  fedora:bench)
    printf '%s\n' podman crun bubblewrap slirp4netns python3 skopeo umoci docker-distribution busybox
    ;;
  *) return 1 ;;
  esac
}

# clang's sanitizers are a package of their own, which carries the version in its name.
packages_clang_rt() {
  local version
  version=$(apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p')
  printf 'libclang-rt-%s-dev\n' "${version:-14}"
}

packages_family() { # -> debian, fedora, or nothing
  local id
  # ID first, then what it says it is like: Ubuntu is like debian, Rocky like fedora.
  # shellcheck disable=SC1091
  for id in $(. /etc/os-release 2>/dev/null && printf '%s %s' "${ID:-}" "${ID_LIKE:-}"); do
    case $id in
    debian | ubuntu) printf 'debian\n' && return ;;
    fedora | rhel | centos) printf 'fedora\n' && return ;;
    esac
  done
}

packages_is_installed() { # FAMILY PACKAGE
  case $1 in
  debian) [[ $(dpkg-query -W -f '${db:Status-Status}' "$2" 2>/dev/null) == installed ]] ;;
  fedora) rpm -q --whatprovides "$2" >/dev/null 2>&1 ;;
  esac
}

packages_missing() { # LIST... -> packages of these lists that are not installed
  local family list package
  family=$(packages_family)
  for list in "$@"; do
    for package in $(packages_table "$family" "$list"); do
      packages_is_installed "$family" "$package" || printf '%s\n' "$package"
    done
  done | sort -u
}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  else
    sudo "$@"
  fi
}

packages_install() { # PACKAGE...
  case $(packages_family) in
  debian)
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
      as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        -o Dpkg::Use-Pty=0 "$@" >/dev/null
    ;;
  fedora) as_root dnf install -y -q --setopt=install_weak_deps=False "$@" ;;
  esac
}
