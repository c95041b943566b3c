#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""big-image - an image as people pull them, of this machine's own /usr: an OCI layout

Usage: big-image.py LAYOUT gzip|zstd [one]

Six layers of 40 to 200 MB, more than 20 000 files in all: programs, libraries, a scripting language,
headers and a compiler, documentation, small things; with "one" all that in one layer. The tag is
the compression's name. What is taken depends on nothing but what is installed: sorted names, no
times, no owners. A layout that is there is left alone.
"""
import hashlib
import json
import os
import subprocess
import sys

LAYERS = (  # megabytes, then where from
    (120, "bin", "sbin"),
    (200, "lib/x86_64-linux-gnu", "lib64", "lib/aarch64-linux-gnu"),
    (110, "lib/python3", "lib/python3.11", "lib/python3.12", "lib/python3.13", "share/perl"),
    (180, "include", "lib/gcc"),
    (160, "share/doc", "share/man", "share/locale"),
    (40, "lib/git-core", "share/zoneinfo", "share/info", "share/perl5", "share/bash-completion"),
)
LARGEST_BYTES = 60 << 20
TYPE = "application/vnd.oci.image."


def choose(megabytes, dirs):
    """Paths below /usr until so much is together; all that is not a file, directory or link is left."""
    left = megabytes << 20
    for top in dirs:
        for here, below, names in os.walk(f"/usr/{top}"):
            below.sort()
            if os.path.islink(here):
                continue
            yield here[1:]
            for name in sorted(names + [d for d in below if os.path.islink(f"{here}/{d}")]):
                path = f"{here}/{name}"
                if os.path.islink(path):
                    yield path[1:]
                    continue
                if not os.path.isfile(path) or not os.access(path, os.R_OK):
                    continue
                size = os.path.getsize(path)
                if size > LARGEST_BYTES:
                    continue
                left -= size
                if left < 0:
                    return
                yield path[1:]


def add_layer(layout, paths, compression):
    """Returns the descriptor, the digest of the tar, and its size."""
    tar = subprocess.Popen(
        ["tar", "--create", "--directory=/", "--no-recursion", "--format=gnu", "--mtime=@1000000000",
         "--owner=0", "--group=0", "--numeric-owner", "--hard-dereference", "--null",
         "--files-from=-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    names = b"".join(os.fsencode(p) + b"\0" for p in paths)
    part = f"{layout}/part"
    plain, packed, size = hashlib.sha256(), hashlib.sha256(), 0
    with open(part, "wb") as out:
        program = ["gzip", "-6n"] if compression == "gzip" else ["zstd", "-q", "-3"]
        packer = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=out)
        if os.fork() == 0:
            tar.stdout.close()
            packer.stdin.close()
            tar.stdin.write(names)
            tar.stdin.close()
            os._exit(0)
        tar.stdin.close()
        while block := tar.stdout.read(1 << 20):
            plain.update(block)
            size += len(block)
            packer.stdin.write(block)
        packer.stdin.close()
        if tar.wait() or packer.wait() or os.wait()[1]:
            sys.exit("big-image: tar or its compression failed")
    with open(part, "rb") as f:
        while block := f.read(1 << 20):
            packed.update(block)
    descriptor = {"mediaType": f"{TYPE}layer.v1.tar+{compression}",
                  "digest": "sha256:" + packed.hexdigest(), "size": os.path.getsize(part)}
    os.rename(part, f"{layout}/blobs/sha256/{packed.hexdigest()}")
    return descriptor, "sha256:" + plain.hexdigest(), size


def put(layout, media_type, document):
    data = json.dumps(document).encode()
    digest = hashlib.sha256(data).hexdigest()
    with open(f"{layout}/blobs/sha256/{digest}", "wb") as f:
        f.write(data)
    return {"mediaType": TYPE + media_type, "digest": "sha256:" + digest, "size": len(data)}


def main(layout, compression, how=None):
    if os.path.exists(f"{layout}/index.json"):
        return
    os.makedirs(f"{layout}/blobs/sha256", exist_ok=True)
    layers, diff_ids, size, entries = [], [], 0, 0
    contents = [list(choose(megabytes, dirs)) for megabytes, *dirs in LAYERS]
    if how == "one":
        contents = [sum(contents, [])]
    for paths in contents:
        descriptor, diff_id, tar_bytes = add_layer(layout, paths, compression)
        layers.append(descriptor)
        diff_ids.append(diff_id)
        size += tar_bytes
        entries += len(paths)
    config = put(layout, "config.v1+json", {
        "os": "linux", "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
        "config": {}, "rootfs": {"type": "layers", "diff_ids": diff_ids}})
    manifest = put(layout, "manifest.v1+json", {
        "schemaVersion": 2, "mediaType": TYPE + "manifest.v1+json", "config": config,
        "layers": layers})
    manifest["annotations"] = {"org.opencontainers.image.ref.name": compression}
    with open(f"{layout}/oci-layout", "w", encoding="ascii") as f:
        f.write('{"imageLayoutVersion":"1.0.0"}')
    with open(f"{layout}/about", "w", encoding="ascii") as f:
        f.write(f"{len(layers)} layers, {entries} entries, {size >> 20} MB unpacked, "
                f"{sum(x['size'] for x in layers) >> 20} MB {compression}\n")
    with open(f"{layout}/index.json", "w", encoding="ascii") as f:
        json.dump({"schemaVersion": 2, "manifests": [manifest]}, f)


main(*sys.argv[1:])
