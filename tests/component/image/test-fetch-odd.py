#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usr-ct-fetch against registries, proxies and token services that answer in odd ways, all of which
happen. Argument: the helper."""

import gzip
import json
import os
import shutil
import sys
import threading
import time
import unittest

import fetchlib
from fetchlib import Base, Image, sha

fetchlib.Base.program = os.path.abspath(sys.argv.pop(1))


class Bodies(Base):
    def test_no_length(self):
        """Up to the end of the connection, or in chunks."""
        image = Image()
        s = self.registry(image)

        def until_end(h, data):
            h.send_response(200)
            h.end_headers()
            h.wfile.write(data)
            h.close_connection = True
            return True

        def chunked(h, data):
            h.send_response(200)
            h.send_header("Transfer-Encoding", "chunked")
            h.end_headers()
            for i in range(0, len(data), 50_000):
                piece = data[i:i + 50_000]
                h.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            h.wfile.write(b"0\r\n\r\n")
            return True

        for way in (until_end, chunked):
            s.on_blob = way
            s.on_manifest = lambda h, way=way: way(h, image.manifest)
            self.pull(f"{s.base}/lib/test", image)
            shutil.rmtree(self.store)
        # Cut off, that cannot be told from the end but by the promised size.
        s.on_blob = lambda h, data: until_end(h, data[:-1])
        self.fails(1206, "ends after", f"{s.base}/lib/test", get=True)

    def test_content_encoding(self):
        """Some say it of what the layer is anyway. Its digest is that of the bytes as they are."""
        image = Image(zstd=False)
        s = self.registry(image)
        s.on_blob = lambda h, data: h.answer(200, data, Content_Encoding="gzip") or True
        self.pull(f"{s.base}/lib/test", image)
        self.assertFalse([h for _, h in s.requests if "Accept-Encoding" in h])
        # What nobody asked for is another content.
        shutil.rmtree(self.store)
        s.on_blob = lambda h, data: h.answer(200, gzip.compress(data),
                                             Content_Encoding="gzip") or True
        self.fails(1206, "", f"{s.base}/lib/test", get=True)

    def test_content_type(self):
        """The document says itself what it is."""
        image = Image()
        s = self.registry(image)
        for kind in ("text/html", "application/vnd.docker.distribution.manifest.v1+json", ""):
            s.on_manifest = lambda h, kind=kind: h.answer(200, image.manifest,
                                                          Content_Type=kind) or True
            self.pull(f"{s.base}/lib/test", image)

    def test_digest_header(self):
        image = Image()
        s = self.registry(image)

        def says(digest):
            s.on_manifest = lambda h: h.answer(200, image.manifest,
                                               Docker_Content_Digest=digest) or True

        for digest in (sha(image.manifest), "", "nonsense", "sha512:" + "0" * 128):
            says(digest)
            self.pull(f"{s.base}/lib/test", image)
        says(sha(b"another"))
        self.fails(1206, "hashes to", f"{s.base}/lib/test")

    def test_stalls_before_an_answer(self):
        image = Image(layers=1)
        s = self.registry(image)
        over, seen = threading.Event(), []
        self.addCleanup(over.set)

        def stall(_, __):
            seen.append(1)
            if len(seen) > 1:
                return False
            over.wait()
            return True

        s.on_blob = stall
        self.pull(f"{s.base}/lib/test", image, env={"USRCT_NETWORK_TIMEOUT": "1"})
        self.assertEqual(len(seen), 2)

    def test_nested_indexes(self):
        image = Image(layers=1)
        s = self.registry(image)
        documents = {}
        for level in range(1, 6):
            inner, kind = image.manifest, image.media_type
            documents[sha(inner)] = inner
            image.set_manifest({"schemaVersion": 2, "mediaType": fetchlib.M_INDEX, "manifests": [
                {"mediaType": kind, "digest": sha(inner), "size": len(inner)}]})
            image.inner = documents
            if level <= 3:
                self.pull(f"{s.base}/lib/test", image)
            else:
                self.fails(1207, "index where a single image", f"{s.base}/lib/test")

    def test_headers_without_end(self):
        s = self.registry(Image(layers=1))

        def headers(h):
            h.send_response(200)
            while True:
                h.wfile.write(b"X-More: " + b"x" * 8000 + b"\r\n")

        s.on_manifest = headers
        self.fails(1205, "", f"{s.base}/lib/test")


class Redirects(Base):
    def test_loop(self):
        s = self.registry(Image(layers=1))
        s.on_manifest = lambda h: h.answer(302, Location=h.path) or True
        began = time.monotonic()
        self.fails(1205, "redirects", f"{s.base}/lib/test")
        self.assertLess(len(s.requests), 10)
        self.assertLess(time.monotonic() - began, 5)

    def test_relative(self):
        image = Image(layers=1)
        s = self.registry(image)

        def to_other_name(h, _):
            if "moved" in h.path:
                return False
            h.answer(308, Location="/v2/moved/blobs/" + h.path.rsplit("/", 1)[1])
            return True

        s.on_blob = to_other_name
        self.pull(f"{s.base}/lib/test", image)

    def test_schemes(self):
        for where in ("file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x",
                      "scp://x/y", "http://[", ""):
            s = self.registry(Image(layers=1))
            s.on_manifest = lambda h, where=where: h.answer(307, Location=where) or True
            self.fails(1205, "registry", f"{s.base}/lib/test")

    def test_not_back_to_plain_text(self):
        image = Image(layers=1)
        s, other = self.registry(image), self.registry(image)
        self.with_tls(s, s.base, "IP:127.0.0.1")
        self.pull(f"{s.base}/lib/test", image)
        shutil.rmtree(os.path.join(self.store, "oci"))
        s.on_blob = lambda h, _: h.answer(307, Location=f"http://{other.base}{h.path}") or True
        self.fails(1205, "registry", f"{s.base}/lib/test", get=True)
        self.assertFalse(other.requests)


class Tokens(Base):
    def test_challenge_in_several_lines(self):
        image = Image(layers=1)
        s = self.registry(image)
        s.auth = "bearer"

        def lines(h, bearer):
            h.send_response(401)
            for line in ("Negotiate", 'Basic realm="x"', bearer, "Digest q=1"):
                h.send_header("WWW-Authenticate", line)
            h.send_header("Content-Length", "0")
            h.end_headers()

        s.challenge = lines
        self.pull(f"{s.base}/lib/test", image)

    def test_realm_elsewhere(self):
        """The password goes to the service, the token to the registry, neither to who else asks."""
        image = Image(layers=1)
        s, service, other = self.registry(image), self.registry(image), self.registry(image)
        s.auth, s.tokens = "bearer", service.tokens
        service.token_life = 10**6
        s.challenge = lambda h, _: h.answer(
            401, WWW_Authenticate=f'Bearer realm="http://{service.base}/token",service="s"')
        s.on_blob = lambda h, _: h.answer(307, Location=f"http://{other.base}{h.path}") or True
        self.pull(f"{s.base}/lib/test", image, auth_file=self.auth_file(s.base))
        self.assertTrue(all("Basic" in h["Authorization"] for _, h in service.requests))
        self.assertFalse([h for _, h in s.requests if "Basic" in h.get("Authorization", "")])
        self.assertTrue(other.requests)
        self.assertFalse([h for _, h in other.requests if "Authorization" in h])

    def service(self, answer):
        image = Image(layers=1)
        s = self.registry(image)
        asked = []

        def hook(h):
            if h.path.startswith("/token"):
                asked.append(h.headers.get("Authorization"))
                answer(h, len(asked))
                return True
            return False

        s.auth, s.on_token = "bearer", hook
        return image, s, asked

    def test_service_fails_once(self):
        def once(h, n):
            if n == 1:
                h.answer(503, Retry_After="1")
            else:
                h.give_token()

        image, s, asked = self.service(once)
        self.pull(f"{s.base}/lib/test", image)
        self.assertEqual(len(asked), 2)

    def test_service_redirects(self):
        image = Image(layers=1)
        other = self.registry(image)
        image, s, _ = self.service(
            lambda h, _: h.answer(307, Location=f"http://{other.base}/token?x"))
        s.tokens = other.tokens
        self.pull(f"{s.base}/lib/test", image, auth_file=self.auth_file(s.base))
        self.assertFalse([h for _, h in other.requests if "Authorization" in h])

    def test_service_answers_badly(self):
        for body, uct in (
            (b"", 1205), (b"<html>", 1205), (b"[]", 1205), (b'{"token": ""}', 1205),
            (b'{"token": 7}', 1205), (b'{"token": "a\\r\\nX-Evil: 1"}', 1205),
            (b'{"token": "a b"}', 1205), (b'{"access_token": null}', 1205),
            (b'{"token": "' + b"x" * 70_000 + b'"}', 1205),
        ):
            _, s, _ = self.service(lambda h, _, body=body: h.answer(200, body))
            self.fails(uct, "", f"{s.base}/lib/test")
            self.assertFalse([h for _, h in s.requests if "X-Evil" in h])

    def test_login_names_nobody_else(self):
        """Some services compare an account in the query with who asks (docker_auth does)."""
        image, s, _ = self.service(lambda h, _: h.give_token())
        s.on_list = lambda h: h.answer(200, b"{}")
        s.challenge = lambda h, _: h.answer(
            401, WWW_Authenticate=f'Bearer realm="http://{s.base}/token",service="x"')
        f = self.fetch(s.base, auth_file=self.auth_file(s.base), flags=fetchlib.F_LOGIN)
        self.assertEqual(f.rows(), [])
        f.end()
        asked = [p for p, _ in s.requests if p.startswith("/token")]
        self.assertEqual(asked, ["/token?service=x&account=me"])


class Texts(Base):
    def test_tags_for_a_terminal(self):
        s = self.registry(Image(layers=1))
        s.on_list = lambda h: h.answer(200, json.dumps({"tags": ["a\x1b]0;x\x07", "b"]}).encode())
        f = self.fetch(f"{s.base}/lib/test", flags=fetchlib.F_TAGS)
        rows = f.rows()
        f.end()
        self.assertFalse([r for r in rows if any(ord(c) < 32 for c in r)], rows)

    def test_list_without_end(self):
        """A registry that always has another page."""
        s = self.registry(Image(layers=1))
        page = json.dumps({"tags": [f"t{i}" for i in range(50_000)]}).encode()
        s.on_list = lambda h: h.answer(200, page, Link=f'<{h.path}>; rel="next"')
        f = self.fetch(f"{s.base}/lib/test", flags=fetchlib.F_TAGS)
        with self.assertRaises(fetchlib.Fail) as c:
            f.rows()
        self.assertEqual(c.exception.uct, 1205)
        f.end()


if __name__ == "__main__":
    unittest.main(verbosity=1)
