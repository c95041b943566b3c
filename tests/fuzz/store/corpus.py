#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the starting inputs of fuzz-unpack into the directory given: one small layer for each
thing the unpacker treats specially."""
import gzip, io, os, subprocess, sys, tarfile

T = tarfile


def tar(*entries, fmt=T.PAX_FORMAT):
    b = io.BytesIO()
    with T.open(fileobj=b, mode="w", format=fmt, bufsize=512) as t:
        for name, kind, link, data, pax in entries:
            i = T.TarInfo(name)
            i.type, i.linkname, i.size, i.pax_headers = kind, link, len(data), pax
            t.addfile(i, io.BytesIO(data))
    return b.getvalue().rstrip(b"\0") + bytes(1024)


def e(name, kind=T.REGTYPE, link="", data=b"", **pax):
    return name, kind, link, data, {k.replace("__", "."): v for k, v in pax.items()}


cases = {
    "plain": tar(e("d", T.DIRTYPE), e("d/f", data=b"x" * 600), e("l", T.SYMTYPE, "d"), e("l/y")),
    "links": tar(e("f"), e("h", T.LNKTYPE, "f"), e("h", T.LNKTYPE, "../x"), e("f", T.SYMTYPE, "/")),
    "whiteouts": tar(e(".wh.a"), e("a/b"), e("a/.wh..wh..opq"), e(".wh..wh.p"), e("c/.wh.c")),
    "attributes": tar(e("f", SCHILY__xattr__user__x="1", mtime="1.5", size="0")),
    "gnu-long": tar(e("n" * 200 + "/" + "m" * 100, data=b"1"), fmt=T.GNU_FORMAT),
    "special": tar(e("p", T.FIFOTYPE), e("c", T.CHRTYPE), e("b", T.BLKTYPE), e("../x")),
    "replace": tar(e("a/b"), e("a", T.SYMTYPE, "b"), e("a"), e("a", T.DIRTYPE), e("a/a")),
    "zeros": bytes(1024),
    "empty": b"",
}
cases["gzip"] = gzip.compress(cases["plain"][:512]) + gzip.compress(cases["plain"][512:]) + bytes(9)
cases["zstd"] = subprocess.run(["zstd", "-c"], input=cases["plain"], stdout=subprocess.PIPE).stdout
os.makedirs(sys.argv[1], exist_ok=True)
for name, data in cases.items():
    with open(os.path.join(sys.argv[1], name), "wb") as f:
        f.write(data)
