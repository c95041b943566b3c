#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the starting inputs of fuzz-image-load into the directory given, small archives of each
form, and of each kind of damage; and into a second one those of fuzz-image-load-dir: what skopeo makes
of them, "skopeo copy --insecure-policy --preserve-digests oci:LAYOUT:a:1 dir:DIR", and its damage.
(corpus.py corpus-load corpus-load-dir)"""
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
import tempfile


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
    "oci-index-gone": tar(layout, blobs[4], ("index.json", js({"schemaVersion": 2, "manifests": [
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


def files(*entries):
    return b"".join(b"%s %d\n%s" % (name.encode(), len(data), data) for name, data in entries)


def by_skopeo():
    with tempfile.TemporaryDirectory() as d:
        os.makedirs(d + "/blobs/sha256")
        for name, data in (layout, *blobs, ("index.json", index)):
            with open(f"{d}/{name}", "wb") as out:
                out.write(data)
        subprocess.run(["skopeo", "copy", "-q", "--insecure-policy", "--preserve-digests",
                        f"oci:{d}:a:1", f"dir:{d}/x"], check=True)
        names = sorted(os.listdir(d + "/x"), reverse=True)  # "version" first
        return [(n, open(f"{d}/x/{n}", "rb").read()) for n in names]


flat = by_skopeo()
one = [x for x in flat if x[0] != "manifest.json"]
platform = {"os": "linux", "architecture": "amd64"}
several = js({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
              "manifests": [{**entry, "platform": platform}]})
directories = {
    "skopeo": files(*flat),
    "index": files(*one, ("manifest.json", several), (sha(manifest) + ".manifest.json", manifest)),
    "index-changed": files(*one, ("manifest.json", several), (sha(manifest) + ".manifest.json", manifest + b" ")),
    "index-gone": files(*one, ("manifest.json", several)),
    "blob-gone": files(*[x for x in flat if x[0] != sha(packed)]),
    "blob-changed": files(*[(n, d if n != sha(packed) else d[:-1] + b"x") for n, d in flat]),
    "blob-longer": files(*[(n, d if n != sha(config) else d + b" ") for n, d in flat]),
    "version": files(("version", b"Directory Transport Version: 9.1\n"), *flat[1:]),
    "manifest-gone": files(*one),
    "layout": files(layout, *blobs, ("index.json", index)),
    "layout-in-index": files(layout, *blobs, ("index.json", js({"schemaVersion": 2, "manifests": [
        {**entry, "mediaType": "application/vnd.oci.image.index.v1+json",
         "digest": "sha256:" + sha(index), "size": len(index)}]}))),
    "layout-no-blobs": files(layout, ("index.json", index)),
    "nothing": files(("a", b"")),
}
os.makedirs(sys.argv[2], exist_ok=True)
for name, data in directories.items():
    with open(os.path.join(sys.argv[2], name), "wb") as f:
        f.write(data)
