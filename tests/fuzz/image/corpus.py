#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the starting inputs of fuzz-image-load into the directory given: small archives of each
form, and of each kind of damage."""
import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import subprocess
import sys
import tarfile


def sha(data):
    return hashlib.sha256(data).hexdigest()


def tar(*entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", bufsize=512) as t:
        for name, data, *link in entries:
            i = tarfile.TarInfo(name)
            if link:
                i.type, i.linkname = link
            i.size = len(data)
            t.addfile(i, io.BytesIO(data))
    return out.getvalue().rstrip(b"\0") + bytes(1024)


def js(thing):
    return json.dumps(thing).encode()


layer = tar(("f", b"x"))
packed = gzip.compress(layer, mtime=0)
config = js({"os": "linux", "architecture": "amd64", "config": {"Cmd": ["/f"]},
             "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(layer)]}})
manifest = js({"schemaVersion": 2,
               "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                          "digest": "sha256:" + sha(config), "size": len(config)},
               "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                           "digest": "sha256:" + sha(packed), "size": len(packed)}]})
entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json",
         "digest": "sha256:" + sha(manifest), "size": len(manifest),
         "annotations": {"org.opencontainers.image.ref.name": "a:1"}}
index = js({"schemaVersion": 2, "manifests": [entry]})
blobs = [("blobs/sha256/" + sha(b), b) for b in (layer, packed, config, manifest, index)]
layout = ("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
by_docker = js([{"Config": "c.json", "RepoTags": ["a:1", "b:2"], "Layers": ["l/layer.tar"]}])


def old(*layers, names=b'{"a":{"1":"top"}}'):
    entries = []
    for name, parent in layers:
        more = {"parent": parent} if parent else {}
        entries += [(f"{name}/json", js({"id": name, "os": "linux", "config": {}, **more})),
                    (f"{name}/layer.tar", layer), (f"{name}/VERSION", b"1.0")]
    return tar(*entries, ("repositories", names))


cases = {
    "oci": tar(layout, *blobs, ("index.json", index)),
    "oci-in-index": tar(layout, *blobs, ("index.json", js({"schemaVersion": 2, "manifests": [
        {**entry, "mediaType": "application/vnd.oci.image.index.v1+json",
         "digest": "sha256:" + sha(index), "size": len(index)}]}))),
    "oci-no-blobs": tar(layout, ("index.json", index)),
    "docker": tar(("c.json", config), ("l/layer.tar", layer), ("manifest.json", by_docker)),
    "docker-packed": tar(("c.json", config), ("l/layer.tar", packed), ("manifest.json", by_docker)),
    "docker-link": tar(("c.json", config), ("x", layer), ("manifest.json", by_docker),
                       ("l/layer.tar", b"", tarfile.SYMTYPE, "../x")),
    "docker-loop": tar(("c.json", config), ("manifest.json", by_docker),
                       ("l/layer.tar", b"", tarfile.SYMTYPE, "layer.tar")),
    "docker-out": tar(("l/layer.tar", b"", tarfile.LNKTYPE, "../../etc/passwd")),
    "both": tar(layout, *blobs, ("index.json", index), ("c.json", config),
                ("manifest.json", by_docker)),
    "old": old(("top", "low"), ("low", None)),
    "old-loop": old(("top", "low"), ("low", "top")),
    "old-orphan": old(("top", "gone")),
    "old-names": old(("top", None), names=b'{"a":{"1":"top","2":"top"},"b":{"3":7}}'),
    "root": layer,
    "none": b"",
    "short": b"\x1f\x8b",
}
cases["gzip"] = gzip.compress(cases["docker"], mtime=0)
cases["xz"] = lzma.compress(cases["docker"])
cases["bzip2"] = bz2.compress(cases["docker"])
cases["cut"] = cases["gzip"][:-20]
cases["zstd"] = subprocess.run(["zstd", "-c"], input=cases["old"], stdout=subprocess.PIPE,
                               check=True).stdout
os.makedirs(sys.argv[1], exist_ok=True)
for name, data in cases.items():
    with open(os.path.join(sys.argv[1], name), "wb") as f:
        f.write(data)
