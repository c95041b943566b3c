#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usr-ct-fetch against Debian's docker-registry, filled by skopeo with an image made by umoci.
# Argument: the helper. Exit status 77: a tool is missing.
set -euo pipefail

helper=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
for tool in docker-registry skopeo umoci python3 perl; do
	command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }
done

work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$work"' EXIT
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

# PASSWORD: a hash in htpasswd's form, or nothing
start_registry() {
	{
		printf 'version: 0.1\nlog: {level: error}\nstorage:\n  filesystem: {rootdirectory: %s}\n' "$work/registry"
		printf 'http: {addr: "127.0.0.1:%s"}\n' "$port"
		[ -z "${1:-}" ] || printf 'auth: {htpasswd: {realm: test, path: %s}}\n' "$work/htpasswd"
	} >"$work/config.yml"
	docker-registry serve "$work/config.yml" >"$work/registry.log" 2>&1 &
	pid=$!
	until (exec 3<>/dev/tcp/127.0.0.1/"$port") 2>/dev/null; do
		kill -0 "$pid" || { cat "$work/registry.log"; exit 1; }
	done
}
stop_registry() {
	kill "$pid"
	wait "$pid" || true
	pid=
}

umoci init --layout "$work/oci"
umoci new --image "$work/oci:one"
for i in 1 2 3; do
	mkdir "$work/root$i"
	head -c 3000000 /dev/urandom >"$work/root$i/data$i"
	umoci insert --rootless --image "$work/oci:one" "$work/root$i" "/opt/$i"
done
start_registry
skopeo copy -q --insecure-policy --dest-tls-verify=false "oci:$work/oci:one" "docker://127.0.0.1:$port/a/gzip"
skopeo copy -q --insecure-policy --dest-tls-verify=false --dest-compress-format zstd --dest-compress \
	--format oci "dir:$(skopeo copy -q --insecure-policy --dest-decompress "oci:$work/oci:one" "dir:$work/dir" && echo "$work/dir")" \
	"docker://127.0.0.1:$port/a/zstd"
skopeo copy -q --insecure-policy --dest-tls-verify=false --format v2s2 "oci:$work/oci:one" "docker://127.0.0.1:$port/a/docker:1.0"

fetch() { python3 "$here/fetch-one.py" "$helper" "$work/store" "$@"; }
fetch "127.0.0.1:$port/a/gzip"
rm -rf "$work/store"
fetch "127.0.0.1:$port/a/zstd:latest"
fetch "localhost:$port/a/docker:1.0"
fetch "oci:$work/oci:one"
fetch "127.0.0.1:$port/a/none" 1202
fetch "127.0.0.1:$port/a/gzip:none" 1202

# Damage the blobs where the registry keeps them.
rm -rf "$work/store"
blob=$(find "$work/registry" -path '*/blobs/sha256/*/data' -size +2000k | head -1)
cp "$blob" "$work/kept"
printf '????' | dd of="$blob" bs=1 seek=100000 conv=notrunc status=none
fetch "127.0.0.1:$port/a/gzip" 1206 || fetch "127.0.0.1:$port/a/zstd" 1206
truncate -s 1000000 "$blob"
rm -rf "$work/store"
fetch "127.0.0.1:$port/a/gzip" 1206 || fetch "127.0.0.1:$port/a/zstd" 1206
cp "$work/kept" "$blob"
stop_registry

rm -rf "$work/store"
fetch "127.0.0.1:$port/a/gzip" 1203
perl -e 'print "me:", crypt("secret", "\$2b\$05\$abcdefghijklmnopqrstuu"), "\n"' >"$work/htpasswd"
start_registry with-password
fetch "127.0.0.1:$port/a/gzip" 1204
printf '{"auths": {"127.0.0.1:%s": {"auth": "bWU6c2VjcmV0"}}}' "$port" >"$work/auth.json"
REGISTRY_AUTH_FILE=$work/auth.json fetch "127.0.0.1:$port/a/gzip"
rm -rf "$work/store"
skopeo login --tls-verify=false --authfile "$work/auth2.json" -u me -p secret "127.0.0.1:$port" >/dev/null
REGISTRY_AUTH_FILE=$work/auth2.json fetch "127.0.0.1:$port/a/gzip"
stop_registry
echo "all is well"
