#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usr-ct-fetch against a registry that we play, kind and unkind. Argument: the helper."""

import base64
import email.utils
import json
import os
import shutil
import socket
import struct
import sys
import threading
import time
import unittest
import urllib.parse

import fetchlib
from fetchlib import Base, Fail, Image, Proxy, sha

fetchlib.Base.program = os.path.abspath(sys.argv.pop(1))


class Good(Base):
    def test_pull(self):
        image = Image()
        s = self.registry(image)
        f = self.pull(f"{s.base}/lib/test", image)
        self.assertEqual(f.name, f"{s.base}/lib/test:latest")
        self.assertEqual(f.manifest, sha(image.manifest))
        self.assertEqual(f.config, image.config["digest"])
        self.assertEqual(f.created, 1767323045 * 10**9)
        self.assertEqual([d for _, d, _, _ in f.layers], image.diffs)
        self.assertEqual(f.layers[0][2], image.diffs[0][7:])
        chain = "sha256:" + f.layers[0][2]
        for i in (1, 2):
            chain = sha(f"{chain} {image.diffs[i]}".encode())
            self.assertEqual(f.layers[i][2], chain[7:])
        self.assertIn("usr-ct/", s.requests[0][1]["User-Agent"])
        # A second time: every layer comes from the store, and is not asked for.
        s.requests.clear()
        self.pull(f"{s.base}/lib/test", image)
        self.assertFalse([p for p, _ in s.requests if any(d["digest"] in p for d in image.layers)])

    def test_by_digest(self):
        image = Image()
        s = self.registry(image)
        f = self.pull(f"{s.base}/lib/test@{sha(image.manifest)}", image)
        self.assertEqual(f.name, "")
        self.fails(1202, "lib/test@sha256:", f"{s.base}/lib/test@{sha(b'x')}")

    def test_index(self):
        image = Image()
        image.wrap_in_index("linux/arm64", "unknown/unknown", "linux/amd64")
        s = self.registry(image)
        f = self.pull(f"{s.base}/lib/test", image)
        self.assertEqual([f.manifest], list(image.inner))
        self.fails(1208, "linux/riscv64", f"{s.base}/lib/test", platform="linux/riscv64")

    def test_layout(self):
        image = Image()
        path = os.path.join(self.dir, "layout")
        image.write_layout(path, "debian:12")
        f = self.pull(f"oci:{path}:debian:12", image)
        self.assertEqual(f.name, "docker.io/library/debian:12")
        shutil.rmtree(self.store)
        self.pull(f"oci:{path}", image)
        self.fails(1202, "no tag 'x'", f"oci:{path}:x")
        self.fails(1202, "does not exist", f"oci:{path}-none:x")
        shutil.rmtree(self.store)
        with open(os.path.join(path, "blobs/sha256", image.layers[0]["digest"][7:]), "r+b") as b:
            b.write(b"?")
        self.fails(1206, "hashes to", f"oci:{path}", get=True)

    def test_empty_and_same_layers(self):
        image = Image(layers=1)
        empty = image.add(b"", fetchlib.M_LAYER)
        image.tars += [b"", b"", image.tars[0]]
        layers = image.layers + [empty, empty, image.layers[0]]
        config = json.loads(image.blobs.pop(image.config["digest"]))
        config["rootfs"]["diff_ids"] += [sha(b"")] * 2 + [image.diffs[0]]
        image.config = image.add(json.dumps(config).encode(), fetchlib.M_CONFIG)
        image.set_manifest({"schemaVersion": 2, "config": image.config, "layers": layers})
        s = self.registry(image)
        self.pull(f"{s.base}/lib/test", image)

    def test_slow_reader_does_not_slow_the_network(self):
        image = Image(layers=1, size=8_000_000)
        s = self.registry(image)
        f = self.fetch(f"{s.base}/lib/test").resolve()
        digest, _, _, size = f.layers[0]
        pipe = f.want(digest, size)
        blob = os.path.join(f.blobs, digest[7:])
        deadline = time.monotonic() + 20
        while not os.path.exists(blob) and time.monotonic() < deadline:
            f.sock.settimeout(0.05)
            try:
                self.assertEqual(f.message()[0], fetchlib.T_PROGRESS)
            except TimeoutError:
                pass
        self.assertTrue(os.path.exists(blob))  # though nobody has read a byte
        f.sock.settimeout(20)
        os.close(pipe)  # and now nobody will
        while f.message()[0] != fetchlib.T_GOT:
            pass
        self.assertEqual(f.end(), 0)

    def test_v6(self):
        image = Image(layers=1)
        try:
            s = self.registry(image, "::1")
        except OSError:
            self.skipTest("this machine has no IPv6")
        s.auth = "basic"
        path = self.auth_file(s.base)
        f = self.pull(f"{s.base}/lib/test:latest", image, auth_file=path)
        self.assertEqual(f.name, f"{s.base}/lib/test:latest")

    def test_end_of_file_cancels(self):
        image = Image(layers=1, size=4_000_000)
        s = self.registry(image)

        def slow(h, data):
            h.send_response(200)
            h.send_header("Content-Length", str(len(data)))
            h.end_headers()
            h.wfile.write(data[:1_000_000])
            h.wfile.flush()
            h.rfile.read(1)  # stalls until the other side gives up
            return True

        s.on_blob = slow
        f = self.fetch(f"{s.base}/lib/test").resolve()
        r = f.want(f.layers[0][0], f.layers[0][3])
        with os.fdopen(r, "rb") as p:
            p.read(100_000)
            self.assertEqual(f.end(), 0)
        self.assertFalse(os.path.exists(os.path.join(f.blobs, f.layers[0][0][7:])))


class Access(Base):
    def test_basic(self):
        image = Image()
        s = self.registry(image)
        s.auth = "basic"
        self.fails(1204, "refuses access", f"{s.base}/lib/test")
        self.pull(f"{s.base}/lib/test", image, auth_file=self.auth_file(s.base))
        self.pull(f"{s.base}/lib/test", image, auth_file=self.auth_file(s.base + "/lib"))
        self.fails(1204, "refuses", f"{s.base}/lib/test", auth_file=self.auth_file("a.b"))
        e = self.fails(1204, "with the credentials", f"{s.base}/lib/test",
                       auth_file=self.auth_file(s.base, "me:wrong"))
        self.assertNotIn("wrong", e.msg + e.hint)
        with open(os.path.join(self.dir, "auth.json"), "w", encoding="ascii") as f:
            f.write('{"auths": {"x": {"auth": secret}}}')
        e = self.fails(1102, "not valid JSON", f"{s.base}/lib/test",
                       auth_file=os.path.join(self.dir, "auth.json"))
        self.assertNotIn("secret", e.msg)

    def test_usual_place(self):
        image = Image()
        s = self.registry(image)
        s.auth = "basic"
        os.makedirs(os.path.join(self.store, ".docker"))
        os.rename(self.auth_file(f"http://{s.base}/v2/"),
                  os.path.join(self.store, ".docker/config.json"))
        self.pull(f"{s.base}/lib/test", image)

    def test_bearer(self):
        image = Image()
        s = self.registry(image)
        s.auth = "bearer"
        self.pull(f"{s.base}/lib/test", image)
        tokens = [(p, h) for p, h in s.requests if p.startswith("/token")]
        self.assertEqual(len(tokens), 1)
        self.assertEqual(tokens[0][0],
                         "/token?x=1&scope=repository%3Alib%2Ftest%3Apull&service=reg%2Cistry")
        self.assertNotIn("Authorization", tokens[0][1])
        shutil.rmtree(self.store)
        s.requests.clear()
        self.pull(f"{s.base}/lib/test", image, auth_file=self.auth_file(s.base))
        self.assertTrue([h for p, h in s.requests
                         if p.startswith("/token") and "Authorization" in h])
        self.fails(1204, "credentials", f"{s.base}/lib/test",
                   auth_file=self.auth_file(s.base, "me:no"))

    def test_token_expires(self):
        image = Image()
        s = self.registry(image)
        s.auth, s.token_life = "bearer", 2
        self.pull(f"{s.base}/lib/test", image)

    def test_token_never_good(self):
        s = self.registry(Image())
        s.auth, s.token_life = "bearer", 0
        self.fails(1204, "refuses", f"{s.base}/lib/test")
        self.assertLess(len(s.requests), 10)

    def test_token_refused_midway(self):
        image = Image(layers=1, size=900_000)
        s = self.registry(image)
        s.auth = "bearer"
        answers = []

        def cut(h, data):
            answers.append(h.headers.get("Range"))
            if len(answers) == 1:
                s.tokens.clear()  # and what comes next is refused
                h.send_response(200)
                h.send_header("Content-Length", str(len(data)))
                h.end_headers()
                h.wfile.write(data[:300_000])
                h.close_connection = True
                return True
            return False

        s.on_blob = cut
        self.pull(f"{s.base}/lib/test", image)
        self.assertEqual(answers, [None, "bytes=300000-"])
        self.assertEqual(len([p for p, _ in s.requests if p.startswith("/token")]), 2)

    def test_challenges(self):
        for answer in (
            lambda h, bearer: h.answer(401, WWW_Authenticate=f'Basic realm="a, b", {bearer}'),
            lambda h, bearer: h.answer(401, WWW_Authenticate=f'Negotiate abc==, {bearer}, Digest q=1'),
            lambda h, bearer: h.answer(403, WWW_Authenticate=bearer + ',error="insufficient_scope"'),
        ):
            image = Image(layers=1)
            s = self.registry(image)
            s.auth, s.challenge = "bearer", answer
            self.pull(f"{s.base}/lib/test", image)
            shutil.rmtree(self.store)
        # Only of blobs, which other servers may keep.
        image = Image(layers=1)
        s = self.registry(image)

        def ask(h, _):
            if h.headers.get("Authorization"):
                return False
            h.answer(401, WWW_Authenticate=f'Bearer realm="http://{s.base}/token"')
            return True

        s.on_blob = ask
        self.pull(f"{s.base}/lib/test", image)
        # A refusal is one, whatever is asked for.
        s.on_manifest = lambda h: h.answer(403, WWW_Authenticate='Basic realm="x"') or True
        self.fails(1204, "refuses", f"{s.base}/lib/test")

    def test_scopes_add_up(self):
        image = Image(layers=1)
        s = self.registry(image)

        def ask(scope):
            def hook(h, *_):
                if s.requests[-1][1].get("Authorization") == f"Bearer {scope}":
                    return False
                h.answer(401, WWW_Authenticate=f'Bearer realm="http://{s.base}/token",'
                         f'scope="{scope}"')
                return True
            return hook

        s.on_manifest = ask("repository:a:pull repository:b:pull")
        self.fails(1204, "refuses", f"{s.base}/lib/test")
        asked = [p for p, _ in s.requests if p.startswith("/token")]
        self.assertEqual(asked[0], "/token?scope=repository%3Aa%3Apull&scope=repository%3Ab%3Apull")

    def test_identity_token(self):
        image = Image()
        s = self.registry(image)
        s.auth, s.token_life = "bearer", 3
        s.refresh_tokens = {"refresh/me"}
        path = self.auth_file(s.base, "user:", identitytoken="refresh/me")
        self.pull(f"{s.base}/lib/test", image, auth_file=path)
        asked = [h for p, h in s.requests if p.startswith("/token")]
        self.assertEqual(asked[0]["form"],
                         "grant_type=refresh_token&client_id=usr-ct&service=reg%2Cistry"
                         "&scope=repository%3Alib%2Ftest%3Apull&refresh_token=refresh%2Fme")
        self.assertGreater(len(asked), 1)
        self.assertFalse([h for h in asked if "Authorization" in h])
        e = self.fails(1204, "refuses", f"{s.base}/lib/test",
                       auth_file=self.auth_file(s.base, "u:", identitytoken="wrong"))
        self.assertNotIn("wrong", e.msg + e.hint)

    def test_no_empty_basic(self):
        image = Image(layers=1)
        s = self.registry(image)
        s.auth = "bearer"
        self.pull(f"{s.base}/lib/test", image, auth_file=self.auth_file(s.base, ":"))
        self.assertFalse([h for _, h in s.requests if "Basic" in h.get("Authorization", "")])

    def test_redirect_keeps_secret(self):
        image, other = Image(), None
        s, other = self.registry(image), self.registry(image)
        s.auth = "basic"

        def elsewhere(h, _):
            h.answer(307, Location=f"http://{other.base}{h.path}")
            return True

        s.on_blob = elsewhere
        self.pull(f"{s.base}/lib/test", image, auth_file=self.auth_file(s.base))
        self.assertEqual(len(other.requests), 3)
        self.assertFalse([h for _, h in other.requests if "Authorization" in h])


class Unkind(Base):
    def test_unreachable(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        e = self.fails(1203, f"127.0.0.1:{port}", f"127.0.0.1:{port}/x/y")
        self.assertIn("onnect", e.msg)

    def test_unknown(self):
        s = self.registry(Image())
        self.fails(1202, "MANIFEST_UNKNOWN: none here", f"{s.base}/lib/test:nope")

    def test_redirect_to_file(self):
        s = self.registry(Image())

        def to_file(h, *_):
            h.answer(307, Location="file:///etc/passwd")
            return True

        s.on_blob = to_file
        self.fails(1205, "registry", f"{s.base}/lib/test", get=True)

    def test_wrong_bytes(self):
        image = Image()
        s = self.registry(image)
        s.on_blob = lambda h, data: h.answer(200, bytes(len(data))) or True
        self.fails(1206, "hashes to", f"{s.base}/lib/test", get=True)
        self.assertEqual(len(os.listdir(os.path.join(self.store, "oci/blobs/sha256"))), 2)

    def test_wrong_manifest(self):
        image = Image()
        s = self.registry(image)
        s.on_manifest = lambda h: h.answer(200, image.manifest + b" ") or True
        self.fails(1206, "hashes to", f"{s.base}/lib/test@{sha(image.manifest)}")

    def test_too_long(self):
        image = Image()
        s = self.registry(image)
        s.on_blob = lambda h, data: h.answer(200, data + b"x") or True
        self.fails(1206, "longer than", f"{s.base}/lib/test", get=True)

    def test_endless(self):
        s = self.registry(Image())

        def endless(h, *_):
            h.send_response(200)
            h.send_header("Transfer-Encoding", "chunked")
            h.end_headers()
            while True:
                h.wfile.write(b"10000\r\n" + bytes(65536) + b"\r\n")

        s.on_manifest = endless
        self.fails(1205, "longer than", f"{s.base}/lib/test")

    def test_truncated(self):
        s = self.registry(Image())

        def shorter(h, data):
            h.give_range(data[:-10])
            return True

        s.on_blob = shorter
        self.fails(1206, "ends after", f"{s.base}/lib/test", get=True)

    def breaking(self, ranges):
        """Answers that break off after 300 kB each time."""

        def hook(h, data):
            start = 0
            if ranges and "Range" in h.headers:
                start = int(h.headers["Range"][6:-1])
                h.send_response(206)
                h.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            else:
                h.send_response(200)
            h.send_header("Content-Length", str(len(data) - start))
            h.end_headers()
            n = 300_000 if ranges else 300_000 * len([1 for p, _ in h.server.requests
                                                      if p == h.path])
            h.wfile.write(data[start:start + n])
            h.wfile.flush()
            h.close_connection = True
            return True

        return hook

    def test_resume(self):
        image = Image(layers=1, size=900_000)
        s = self.registry(image)
        s.on_blob = self.breaking(ranges=True)
        self.pull(f"{s.base}/lib/test", image)
        ranges = [h["Range"] for _, h in s.requests if "Range" in h]
        self.assertEqual(ranges, ["bytes=300000-", "bytes=600000-", "bytes=900000-"])

    def test_resume_without_ranges(self):
        image = Image(layers=1, size=700_000)
        s = self.registry(image)
        s.on_blob = self.breaking(ranges=False)
        self.pull(f"{s.base}/lib/test", image)

    def test_busy(self):
        image = Image(layers=1)
        s = self.registry(image)
        answers = [429, 503]

        def busy(h, *_):
            if not answers:
                return False
            h.answer(answers.pop(), Retry_After="1")
            return True

        s.on_manifest = busy
        began = time.monotonic()
        self.pull(f"{s.base}/lib/test", image)
        self.assertGreater(time.monotonic() - began, 1.9)
        s.on_manifest = lambda h: h.answer(500) or True
        self.fails(1205, "status 500", f"{s.base}/lib/test")

    def test_useless_ranges(self):
        """Servers that break, and then do nonsense when asked for the rest."""
        image = Image(layers=1, size=700_000)
        for ranges in (
            lambda h, data, n: h.answer(416),
            lambda h, data, n: h.answer(206, data[n:]),
            lambda h, data, n: h.answer(206, data[n + 5:], Content_Range="bytes 600000-/*"),
            lambda h, data, n: h.answer(206, data[n:], Content_Range="lines 1-2/3"),
        ):
            s = self.registry(image)
            seen = []

            def hook(h, data, ranges=ranges, seen=seen):
                seen.append(h.headers.get("Range"))
                if seen[-1]:
                    ranges(h, data, int(seen[-1][6:-1]))
                    return True
                if len(seen) == 1:
                    h.send_response(200)
                    h.send_header("Content-Length", str(len(data)))
                    h.end_headers()
                    h.wfile.write(data[:300_000])
                    h.close_connection = True
                    return True
                return False

            s.on_blob = hook
            self.pull(f"{s.base}/lib/test", image)
            self.assertEqual(seen, [None, "bytes=300000-", None])
            shutil.rmtree(self.store)

    def test_reset(self):
        image = Image(layers=1, size=900_000)
        s = self.registry(image)
        seen = []

        def reset(h, data):
            seen.append(h.headers.get("Range"))
            if len(seen) > 1:
                return False
            h.send_response(200)
            h.send_header("Content-Length", str(len(data)))
            h.end_headers()
            h.wfile.write(data[:300_000])
            h.wfile.flush()
            h.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            h.connection.close()
            h.close_connection = True
            return True

        s.on_blob = reset
        self.pull(f"{s.base}/lib/test", image)
        self.assertEqual(len(seen), 2)

    def test_stalled(self):
        image = Image(layers=1, size=900_000)
        s = self.registry(image)
        seen, over = [], threading.Event()
        self.addCleanup(over.set)

        def stall(h, data):
            seen.append(h.headers.get("Range"))
            if len(seen) > 1:
                return False
            h.send_response(200)
            h.send_header("Content-Length", str(len(data)))
            h.end_headers()
            h.wfile.write(data[:300_000])
            h.wfile.flush()
            over.wait()
            return True

        s.on_blob = stall
        self.pull(f"{s.base}/lib/test", image, env={"USRCT_NETWORK_TIMEOUT": "1"})
        self.assertEqual(seen, [None, "bytes=300000-"])
        # Slow is not stalled.
        shutil.rmtree(self.store)

        def drip(h, data):
            h.send_response(200)
            h.send_header("Content-Length", str(len(data)))
            h.end_headers()
            for i in range(0, len(data), len(data) // 6):
                h.wfile.write(data[i:i + len(data) // 6])
                h.wfile.flush()
                over.wait(0.5)
            return True

        s.on_blob = drip
        self.pull(f"{s.base}/lib/test", image, env={"USRCT_NETWORK_TIMEOUT": "1"})

    def test_retry_after(self):
        image = Image(layers=1)
        s = self.registry(image)
        later = [email.utils.formatdate(time.time() + 2, usegmt=True)]

        def busy(h, *_):
            if not later:
                return False
            h.answer(429, Retry_After=later.pop())
            return True

        s.on_blob = busy
        began = time.monotonic()
        self.pull(f"{s.base}/lib/test", image)
        self.assertGreater(time.monotonic() - began, 0.9)
        # Nobody waits for an hour; it is told.
        s.on_manifest = lambda h: h.answer(429, Retry_After="3600") or True
        began = time.monotonic()
        e = self.fails(1205, "status 429", f"{s.base}/lib/test")
        self.assertIn("3600 seconds", e.hint)
        self.assertLess(time.monotonic() - began, 10)
        for status in (404, 400, 501):
            s.requests.clear()
            s.on_manifest = lambda h, status=status: h.answer(status) or True
            self.fails(1202 if status == 404 else 1205, "", f"{s.base}/lib/test")
            self.assertEqual(len(s.requests), 1)

    def test_damaged_store(self):
        image = Image(layers=1)
        s = self.registry(image)
        f = self.pull(f"{s.base}/lib/test", image)
        with open(os.path.join(f.blobs, image.layers[0]["digest"][7:]), "r+b") as b:
            b.write(b"????")
        self.fails(1206, "in the store", f"{s.base}/lib/test", get=True)
        self.pull(f"{s.base}/lib/test", image)  # it was thrown away, so this mends it

    def test_manifests(self):
        image = Image(layers=1)
        s = self.registry(image)
        good = json.loads(image.manifest)
        config = image.config
        for change, uct, what in (
            ({"schemaVersion": 1}, 1207, "schema 1"),
            ({"layers": good["layers"] * 2}, 1207, "2 layers but the config 1"),
            ({"layers": [{**good["layers"][0], "size": -1}]}, 1207, "negative"),
            ({"config": {**config, "mediaType": "application/x"}}, 1207, "artifact"),
            ({"config": {**config, "size": config["size"] + 1}}, 1206, "ends after"),
            ({"config": {**config, "size": 1}}, 1206, "longer"),
            ({"manifests": []}, 1207, "both"),
        ):
            image.set_manifest({**good, **change})
            self.fails(uct, what, f"{s.base}/lib/test")
        image.manifest = b"<html>"
        self.fails(1207, "not valid JSON", f"{s.base}/lib/test")

    def test_token_service_in_the_clear(self):
        s = self.registry(Image())

        def clear(h):
            h.answer(401, WWW_Authenticate='Bearer realm="http://token.invalid/token"')
            return True

        s.on_manifest = clear
        self.fails(1205, "not reached over TLS", f"{s.base}/lib/test")

    def test_bad_requests(self):
        s = self.registry(Image(layers=1))
        self.fails(1201, "lower case", f"{s.base}/Lib/test")
        f = self.fetch(f"{s.base}/lib/test").resolve()
        f.want(sha(b"other"), 3)
        with self.assertRaises(Fail) as c:
            f.message()
        self.assertEqual(c.exception.uct, 1003)
        f = self.fetch(f"{s.base}/lib/test").resolve()
        f.sock.send(struct.pack("=I", 77))
        with self.assertRaises(Fail) as c:
            f.message()
        self.assertEqual(c.exception.uct, 1003)


class Mirrors(Base):
    def setUp(self):
        super().setUp()
        self.image = Image(layers=2, size=900_000, zstd=False)
        self.origin, self.mirror = self.registry(self.image), self.registry(self.image)
        self.registries({self.origin.base: {"mirrors": [self.mirror.base + "/copy"]}})
        self.reference = f"{self.origin.base}/lib/test"

    def blobs_asked(self, s):
        return [h.get("Range") for p, h in s.requests
                if any(d["digest"] in p for d in self.image.layers)]

    def test_all(self):
        f = self.pull(self.reference, self.image)
        self.assertEqual(f.name, self.reference + ":latest")
        self.assertEqual(len(self.blobs_asked(self.mirror)), 2)
        self.assertFalse(self.origin.requests)
        self.assertTrue(self.mirror.requests[0][0].startswith("/v2/copy/lib/test/manifests"))

    def test_only_manifests(self):
        for status in (404, 403, 500):
            self.origin.requests.clear()
            self.mirror.on_blob = lambda h, _, status=status: h.answer(status) or True
            self.pull(self.reference, self.image)
            self.assertEqual(self.blobs_asked(self.origin), [None, None])
            shutil.rmtree(os.path.join(self.store, "oci"))

    def test_gone_halfway(self):
        def part(h, data):
            h.send_response(200)
            h.send_header("Content-Length", str(len(data)))
            h.end_headers()
            h.wfile.write(data[:300_000])
            h.wfile.flush()
            self.mirror.on_blob = lambda h, _: h.answer(410) or True
            h.close_connection = True
            return True

        self.mirror.on_blob = part
        self.pull(self.reference, self.image)
        self.assertIn("bytes=300000-", self.blobs_asked(self.origin))

    def test_wrong(self):
        self.mirror.on_blob = lambda h, data: h.answer(200, bytes(len(data))) or True
        e = self.fails(1206, "hashes to", self.reference, get=True)
        self.assertTrue(e.is_mirrors_fault)
        # Then it is asked for without: the flag FETCH_NO_MIRRORS.
        self.mirror.requests.clear()
        self.pull(self.reference, self.image, flags=fetchlib.F_NO_MIRRORS)
        self.assertFalse(self.mirror.requests)
        # Without mirrors nobody else is to blame.
        shutil.rmtree(os.path.join(self.store, "oci"))
        self.origin.on_blob = self.mirror.on_blob
        e = self.fails(1206, "hashes to", self.reference, get=True, flags=fetchlib.F_NO_MIRRORS)
        self.assertFalse(e.is_mirrors_fault)


class Lists(Base):
    """Tags and catalogs, whose pages a Link header joins."""

    def listing(self, link, names, key="tags"):
        s = self.registry(Image(layers=1))

        def answer(h):
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(h.path).query))
            start = names.index(query["last"]) + 1 if "last" in query else 0
            page = names[start:start + 3]
            more = {}
            if start + 3 < len(names):
                path = h.path.split("?")[0]
                more["Link"] = link.format(base=s.base, path=path, last=page[-1])
            h.answer(200, json.dumps({"name": "lib/test", key: page}).encode(), **more)

        s.on_list = answer
        return s

    def rows(self, reference, **more):
        f = self.fetch(reference, **more)
        rows = f.rows()
        f.end()
        return rows

    def test_pages(self):
        names = [f"t{i}" for i in range(11)]
        for link in ('<{path}?n=3&last={last}>; rel="next"',
                     '<http://{base}{path}?last={last}&n=3>; rel="next"'):
            s = self.listing(link, names)
            rows = self.rows(f"{s.base}/lib/test", flags=fetchlib.F_TAGS)
            self.assertEqual(rows, names)
            self.assertEqual(len(s.requests), 4)
            rows = self.rows(f"{s.base}/lib/test", flags=fetchlib.F_TAGS, limit=4)
            self.assertEqual(rows, names[:4])
            self.assertEqual(len(s.requests), 6)
        s = self.listing('<{path}?n=3&last={last}>; rel="next"', names, key="repositories")
        self.assertEqual(self.rows(s.base, flags=fetchlib.F_CATALOG), names)
        self.assertTrue(s.requests[0][0].startswith("/v2/_catalog"))

    def test_pages_elsewhere(self):
        """A page is asked for where the first one was, and with nobody else's credentials."""
        names = [f"t{i}" for i in range(5)]
        other = self.registry(Image(layers=1))
        s = self.listing("<http://" + other.base + '{path}?last={last}>; rel="next"', names)
        s.auth = "basic"
        rows = self.rows(f"{s.base}/lib/test", flags=fetchlib.F_TAGS,
                         auth_file=self.auth_file(s.base))
        self.assertEqual(rows, names)
        self.assertFalse(other.requests)
        for link in ('<//evil.invalid{path}>; rel="next"', 'nonsense', '<>; rel="next"',
                     '<{path}?last={last}>; rel="prev"', '<{path}?last={last}; rel="next"'):
            s = self.listing(link, names)
            rows = self.rows(f"{s.base}/lib/test", flags=fetchlib.F_TAGS)
            self.assertEqual(rows, names[:3])

    def test_no_list(self):
        s = self.registry(Image(layers=1))
        for body in (b"<html>", b"[]", b'{"tags": {}}', b'{"tags": 7}'):
            s.on_list = lambda h, body=body: h.answer(200, body)
            f = self.fetch(f"{s.base}/lib/test", flags=fetchlib.F_TAGS)
            with self.assertRaises(Fail) as c:
                f.rows()
            self.assertEqual(c.exception.uct, 1205)
        s.on_list = lambda h: h.answer(200, b'{"tags": null}')
        self.assertEqual(self.rows(f"{s.base}/lib/test", flags=fetchlib.F_TAGS), [])
        # Names that are none end the list rather than reach a terminal.
        s.on_list = lambda h: h.answer(200, b'{"tags": ["a", 7, "b"]}')
        self.assertEqual(self.rows(f"{s.base}/lib/test", flags=fetchlib.F_TAGS), ["a"])


class Proxies(Base):
    def proxy(self, *more):
        p = Proxy(*more)
        self.addCleanup(p.stop)
        return p

    def test_plain(self):
        image = Image(layers=1)
        s = self.registry(image)
        p = self.proxy(s.base)
        self.registries({"registry.invalid:5000": {"insecure": True}})
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            env = {name: f"http://{p.base}", "https_proxy": "http://127.0.0.1:9"}
            self.pull("registry.invalid:5000/lib/test", image, env=env)
            self.assertIn("GET http://registry.invalid:5000/v2/lib/test/manifests/latest", p.seen)
            p.seen.clear()
            shutil.rmtree(os.path.join(self.store, "oci"))
        # This machine's own registries need none.
        self.pull(f"{s.base}/lib/test", image, env={"http_proxy": "http://127.0.0.1:9"})
        env = {"http_proxy": f"http://{p.base}", "NO_PROXY": ".invalid"}
        e = self.fails(1203, "registry.invalid", "registry.invalid:5000/lib/test", env=env)
        self.assertFalse(p.seen, e.msg)

    def test_password(self):
        image = Image(layers=1)
        s = self.registry(image)
        p = self.proxy(s.base, "me:secret")
        self.registries({"registry.invalid:5000": {"insecure": True}})
        env = {"http_proxy": f"http://{p.base}", "https_proxy": f"http://{p.base}"}
        e = self.fails(1205, "status 407", "registry.invalid:5000/lib/test", env=env)
        self.assertIn("proxy", e.hint)
        env["http_proxy"] = f"http://me:secret@{p.base}"
        self.pull("registry.invalid:5000/lib/test", image, env=env)
        env["http_proxy"] = f"http://me:wrong@{p.base}"
        e = self.fails(1205, "status 407", "registry.invalid:5000/lib/test", env=env)
        self.assertNotIn("wrong", e.msg + e.hint)

    def test_tunnel(self):
        image = Image(layers=1)
        s = self.registry(image)
        self.with_tls(s, "registry.invalid", "DNS:registry.invalid")
        p = self.proxy(s.base)
        for name in ("https_proxy", "HTTPS_PROXY"):
            self.pull("registry.invalid/lib/test", image, env={name: f"http://{p.base}"})
            self.assertEqual(set(p.seen), {"CONNECT registry.invalid:443"})
            p.seen.clear()
        p.password = "me:secret"
        self.fails(1203, "407", "registry.invalid/lib/test", env={"https_proxy": f"http://{p.base}"})


if __name__ == "__main__":
    unittest.main(verbosity=1)
