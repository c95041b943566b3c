#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HELPER STORE REFERENCE [CODE]: fetches an image and checks every blob, or expects a failure."""

import os
import sys

from fetchlib import Fail, Fetch, sha

helper, store, reference = sys.argv[1:4]
expected = int(sys.argv[4]) if len(sys.argv) > 4 else 0
f = Fetch(helper, store, reference)
try:
    f.resolve()
    out = f.get_all()
except Fail as e:
    print(reference, "->", e)
    f.end()
    sys.exit(e.uct != expected)
if f.end() != 0 or expected:
    sys.exit(f"{reference}: expected UCT-{expected}")
for (digest, _, _, size), data in zip(f.layers, out):
    assert len(data) == size and sha(data) == digest
for name in os.listdir(f.blobs):
    with open(os.path.join(f.blobs, name), "rb") as b:
        assert sha(b.read())[7:] == name
print(reference, "->", f.name, f"{len(out)} layers, {f.progress} progress messages")
