# SPDX-License-Identifier: Apache-2.0
"""Drives usr-ct-fetch the way the engine does, and plays a registry that can misbehave."""

import base64
import gzip
import hashlib
import http.client
import http.server
import io
import json
import os
import re
import select
import shutil
import socket
import ssl
import struct
import subprocess
import tarfile
import tempfile
import threading
import unittest
import urllib.parse

START = struct.Struct("=II72s512s64s64s512s512sII")
RESOLVED = struct.Struct("=II512s512s72s72s72sQQQ")
INFO = struct.Struct("=II72s72s65s7xQ")
LAYER = struct.Struct("=II72sQ")
FAIL = struct.Struct("=IIIii512s256s")
T_START, T_RESOLVED, T_INFO, T_LAYER, T_PROGRESS, T_GOT, T_FAIL = range(1, 8)
T_ROW, T_DONE = 13, 14
ROW = struct.Struct("=IIQ512s1024s")
F_LOGIN, F_TAGS, F_CATALOG, F_NO_MIRRORS = 4, 16, 32, 1024

OCI = "application/vnd.oci.image."
M_INDEX, M_MANIFEST = OCI + "index.v1+json", OCI + "manifest.v1+json"
M_CONFIG, M_LAYER = OCI + "config.v1+json", OCI + "layer.v1.tar"


def sha(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def text(field):
    return field.split(b"\0", 1)[0].decode()


class Fail(Exception):
    """What a FAIL message said."""

    def __init__(self, raw):
        _, self.is_mirrors_fault, self.kind, self.code, self.uct, msg, hint = FAIL.unpack(raw)
        self.msg, self.hint = text(msg), text(hint)
        super().__init__(f"UCT-{self.uct} {self.msg}")


class Fetch:
    """One run of the helper."""

    def __init__(self, program, store, reference, platform="linux/amd64", auth_file="", env=None,
                 flags=0, limit=0):
        self.blobs = os.path.join(store, "oci/blobs/sha256")
        self.tmp = os.path.join(store, "tmp/pull-1")
        os.makedirs(self.blobs, exist_ok=True)
        os.makedirs(self.tmp, exist_ok=True)
        self.sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(60)
        clean = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        clean.update(HOME=store, XDG_RUNTIME_DIR=store, **(env or {}))

        def to_three():
            os.dup2(theirs.fileno(), 3)
            os.set_inheritable(3, True)

        self.proc = subprocess.Popen([program], close_fds=False, preexec_fn=to_three, env=clean)
        theirs.close()
        dirs = [os.open(d, os.O_RDONLY | os.O_DIRECTORY) for d in (self.blobs, self.tmp)]
        socket.send_fds(
            self.sock,
            [START.pack(T_START, flags, b"", reference.encode(), platform.encode(), b"blob-",
                        auth_file.encode(), b"", limit, 0)],
            dirs,
        )
        for fd in dirs:
            os.close(fd)

    def message(self):
        raw = self.sock.recv(4096)
        if not raw:
            raise EOFError("the helper is gone")
        kind = struct.unpack_from("=I", raw)[0]
        if kind == T_FAIL:
            raise Fail(raw)
        return kind, raw

    def resolve(self):
        kind, raw = self.message()
        assert kind == T_RESOLVED, kind
        assert len(raw) == RESOLVED.size, len(raw)
        _, n, name, _, _, manifest, config, _, _, created = RESOLVED.unpack(raw)
        self.name, self.manifest, self.config = text(name), text(manifest), text(config)
        self.created, self.layers = created, []
        for i in range(n):
            kind, raw = self.message()
            assert kind == T_INFO and len(raw) == INFO.size, (kind, len(raw), INFO.size)
            _, index, digest, diff, chain, size = INFO.unpack(raw)
            assert index == i
            self.layers.append((text(digest), text(diff), text(chain), size))
        return self

    def rows(self):
        """Of a list: the names, up to DONE."""
        names = []
        while True:
            kind, raw = self.message()
            assert kind in (T_ROW, T_DONE) and len(raw) == ROW.size, (kind, len(raw))
            if kind == T_DONE:
                return names
            names.append(text(ROW.unpack(raw)[3]))

    def want(self, digest, size):
        r, w = os.pipe()
        try:
            socket.send_fds(self.sock, [LAYER.pack(T_LAYER, 0, digest.encode(), size)], [w])
        except BrokenPipeError:
            pass  # it has failed already, and FAIL is there to be read
        os.close(w)
        return r

    def get_all(self):
        """Wants every layer, reads the pipes, returns what came out of them."""
        out = [b""] * len(self.layers)

        def read(i, fd):
            with os.fdopen(fd, "rb") as f:
                out[i] = f.read()

        threads = []
        for i, (digest, _, _, size) in enumerate(self.layers):
            t = threading.Thread(target=read, args=(i, self.want(digest, size)))
            t.start()
            threads.append(t)
        try:
            got, self.progress = 0, 0
            while got < len(self.layers):
                kind, _ = self.message()
                got += kind == T_GOT
                self.progress += kind == T_PROGRESS
        finally:
            if got < len(self.layers):
                self.proc.wait(20)
            for t in threads:
                t.join(20)
        return out

    def end(self):
        self.sock.close()
        status = self.proc.wait(20)
        left = os.listdir(self.tmp)
        assert not left, f"temporary files left: {left}"
        return status


class Image:
    """An image made in memory; every part may be spoiled before it is served."""

    def __init__(self, layers=3, size=200_000, zstd=True):
        self.blobs, self.tars, descriptors, diffs = {}, [], [], []
        for i in range(layers):
            buf = io.BytesIO()
            with tarfile.open(fileobj=buf, mode="w") as tar:
                info = tarfile.TarInfo(f"file-{i}")
                info.size = size
                tar.addfile(info, io.BytesIO(os.urandom(size)))
            plain = buf.getvalue()
            if i == 1 and zstd:
                packed = subprocess.run(["zstd", "-q"], input=plain, capture_output=True,
                                        check=True).stdout
                kind = M_LAYER + "+zstd"
            else:
                packed, kind = gzip.compress(plain, 1), M_LAYER + "+gzip"
            self.tars.append(packed)
            descriptors.append(self.add(packed, kind))
            diffs.append(sha(plain))
        self.diffs, self.layers = diffs, descriptors
        config = {"os": "linux", "architecture": "amd64", "created": "2026-01-02T03:04:05Z",
                  "config": {"Cmd": ["/bin/sh"]},
                  "rootfs": {"type": "layers", "diff_ids": diffs}}
        self.config = self.add(json.dumps(config).encode(), M_CONFIG)
        self.set_manifest({"schemaVersion": 2, "mediaType": M_MANIFEST, "config": self.config,
                           "layers": descriptors})

    def add(self, data, kind):
        self.blobs[sha(data)] = data
        return {"mediaType": kind, "digest": sha(data), "size": len(data)}

    def set_manifest(self, manifest):
        self.manifest = json.dumps(manifest).encode()
        self.media_type = manifest.get("mediaType", M_MANIFEST)

    def wrap_in_index(self, *platforms):
        inner = self.manifest
        self.inner = {sha(inner): inner}
        manifests = []
        for p in platforms:
            os_, arch = p.split("/")
            manifests.append({"mediaType": M_MANIFEST, "digest": sha(inner), "size": len(inner),
                              "platform": {"os": os_, "architecture": arch}})
        self.set_manifest({"schemaVersion": 2, "mediaType": M_INDEX, "manifests": manifests})

    def documents(self):
        return {sha(self.manifest): self.manifest, **getattr(self, "inner", {})}

    def write_layout(self, path, tag):
        blobs = os.path.join(path, "blobs/sha256")
        os.makedirs(blobs)
        for digest, data in {**self.blobs, **self.documents()}.items():
            with open(os.path.join(blobs, digest[7:]), "wb") as f:
                f.write(data)
        entry = {"mediaType": self.media_type, "digest": sha(self.manifest),
                 "size": len(self.manifest),
                 "annotations": {"org.opencontainers.image.ref.name": tag}}
        with open(os.path.join(path, "index.json"), "w", encoding="ascii") as f:
            json.dump({"schemaVersion": 2, "manifests": [entry]}, f)
        with open(os.path.join(path, "oci-layout"), "w", encoding="ascii") as f:
            f.write('{"imageLayoutVersion": "1.0.0"}')


class Registry(http.server.ThreadingHTTPServer):
    """A registry on a port of its own. Hooks: on_blob(handler, data) may answer in its own way."""

    daemon_threads = True

    def __init__(self, image, address="127.0.0.1"):
        if ":" in address:
            self.address_family = socket.AF_INET6
        super().__init__((address, 0), Handler)
        self.image, self.requests = image, []
        self.auth = None  # None, "basic" or "bearer"
        self.user = "me:secret"
        self.challenge = None  # instead of the usual one
        self.refresh_tokens = set()  # good ones, each once
        self.token_life = 10**9  # requests until a token expires
        self.tokens = {}
        self.on_blob = self.on_manifest = self.on_list = self.on_token = None
        host = f"[{address}]" if ":" in address else address
        self.base = f"{host}:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # a client that hangs up is what many tests are about


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), v)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def may_pass(self):
        s, given = self.server, self.headers.get("Authorization", "")
        basic = "Basic " + base64.b64encode(s.user.encode()).decode()
        if s.auth is None or (s.auth == "basic" and given == basic):
            return True
        if s.auth == "basic":
            self.answer(401, b'{"errors":[{"code":"UNAUTHORIZED","message":"no"}]}',
                        WWW_Authenticate='Basic realm="here"')
            return False
        token = given[7:] if given.startswith("Bearer ") else None
        if s.tokens.get(token, 0) > 0:
            s.tokens[token] -= 1
            return True
        bearer = (f'Bearer realm="http://{s.base}/token?x=1",'
                  f'service="reg,istry",scope="repository:lib/test:pull"')
        if s.challenge:
            s.challenge(self, bearer)
        else:
            self.answer(401, WWW_Authenticate=bearer)
        return False

    def give_token(self):
        s, given = self.server, self.headers.get("Authorization")
        basic = "Basic " + base64.b64encode(s.user.encode()).decode()
        if given is not None and given != basic:
            self.answer(401)
            return
        token = f"t{len(s.tokens)}"
        s.tokens[token] = s.token_life
        self.answer(200, json.dumps({"token": token}).encode())

    def do_POST(self):
        """OAuth 2: a refresh token for a token, and for the next refresh token."""
        s = self.server
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        s.requests.append((self.path, dict(self.headers, form=form)))
        given = dict(urllib.parse.parse_qsl(form)).get("refresh_token")
        if given not in s.refresh_tokens:
            self.answer(401, json.dumps({"errors": [{"code": "NO", "message": given}]}).encode())
            return
        s.refresh_tokens.remove(given)
        s.refresh_tokens.add(given + "+")
        token = "t" * 5000 + str(len(s.tokens))
        s.tokens[token] = s.token_life
        self.answer(200, json.dumps({"access_token": token, "refresh_token": given + "+"}).encode())

    def do_GET(self):
        s = self.server
        s.requests.append((self.path, dict(self.headers)))
        if self.path.startswith("/token"):
            if not s.on_token or not s.on_token(self):
                self.give_token()
            return
        if not self.may_pass():
            return
        m = re.fullmatch(r"/v2/(.+)/(manifests|blobs)/(.+)", self.path)
        if not m and s.on_list:
            s.on_list(self)
        elif not m:
            self.answer(404)
        elif m[2] == "manifests":
            self.give_manifest(m[3])
        else:
            self.give_blob(m[3])

    def give_manifest(self, which):
        s = self.server
        if s.on_manifest and s.on_manifest(self):
            return
        data = s.image.manifest if which == "latest" else s.image.documents().get(which)
        if data is None:
            self.answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"none here"}]}')
            return
        self.answer(200, data, Content_Type=s.image.media_type)

    def give_blob(self, digest):
        s = self.server
        data = s.image.blobs.get(digest)
        if data is None:
            self.answer(404)
            return
        if s.on_blob and digest != s.image.config["digest"] and s.on_blob(self, data):
            return
        self.give_range(data)

    def give_range(self, data):
        r = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not r:
            self.answer(200, data)
        elif int(r[1]) >= len(data):
            self.answer(416)
        else:
            n = int(r[1])
            self.answer(206, data[n:],
                        Content_Range=f"bytes {n}-{len(data) - 1}/{len(data)}")


class Proxy(http.server.ThreadingHTTPServer):
    """Passes requests and tunnels on; a name without an address of its own is @to."""

    daemon_threads = True

    def __init__(self, to, password=None):
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.to, self.password, self.seen = to, password, []
        self.base = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass


class ProxyHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def may_pass(self):
        s = self.server
        s.seen.append(f"{self.command} {self.path}")
        want = s.password and "Basic " + base64.b64encode(s.password.encode()).decode()
        if not want or self.headers.get("Proxy-Authorization") == want:
            return True
        self.send_response(407)
        self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
        self.send_header("Content-Length", "0")
        self.end_headers()
        return False

    def do_GET(self):
        if not self.may_pass():
            return
        host, port = self.server.to.rsplit(":", 1)
        url = urllib.parse.urlsplit(self.path)
        there = http.client.HTTPConnection(host, int(port), timeout=20)
        headers = {k: v for k, v in self.headers.items() if not k.startswith("Proxy-")}
        there.request("GET", url.path + ("?" + url.query if url.query else ""), headers=headers)
        answer = there.getresponse()
        data = answer.read()
        self.send_response(answer.status)
        for k, v in answer.getheaders():
            if k not in ("Server", "Date", "Transfer-Encoding", "Connection"):
                self.send_header(k, v)
        self.end_headers()
        self.wfile.write(data)
        there.close()

    def do_CONNECT(self):
        if not self.may_pass():
            return
        host, port = self.server.to.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as there:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: there, there: self.connection}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        self.close_connection = True
                        return
                    ends[end].sendall(data)


class Base(unittest.TestCase):
    program = None  # the helper

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="usr-ct-fetch-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.store = os.path.join(self.dir, "store")
        self.fetches = []

    def auth_file(self, host, user="me:secret", **more):
        path = os.path.join(self.dir, "auth.json")
        with open(path, "w", encoding="ascii") as f:
            entry = {"auth": base64.b64encode(user.encode()).decode(), **more}
            json.dump({"auths": {host: entry}}, f)
        return path

    def registries(self, text):
        path = os.path.join(self.store, ".config/usr-ct")
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, "registries.json"), "w", encoding="ascii") as f:
            json.dump({"registries": text}, f)

    def with_tls(self, server, host, alternative):
        """The server speaks TLS from now on, and the helper trusts it as the registry HOST."""
        key, cert = (os.path.join(self.dir, n) for n in ("key.pem", "cert.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                        "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                        "-addext", f"subjectAltName={alternative}"],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        certs = os.path.join(self.store, ".config/containers/certs.d", host)
        os.makedirs(certs)
        shutil.copy(cert, os.path.join(certs, "ca.crt"))

    def registry(self, image, *more):
        s = Registry(image, *more)
        self.addCleanup(s.stop)
        return s

    def fetch(self, reference, **more):
        f = Fetch(self.program, self.store, reference, **more)

        def reap():
            f.sock.close()
            f.proc.wait(20)

        self.addCleanup(reap)
        return f

    def pull(self, reference, image, **more):
        f = self.fetch(reference, **more).resolve()
        self.assertEqual(f.get_all(), image.tars)
        for digest, data in image.blobs.items():
            with open(os.path.join(f.blobs, digest[7:]), "rb") as b:
                self.assertEqual(b.read(), data)
        self.assertEqual(f.end(), 0)
        return f

    def fails(self, uct, what, reference, get=False, **more):
        f = self.fetch(reference, **more)
        with self.assertRaises(Fail) as c:
            f.resolve()
            if get:
                f.get_all()
        self.assertEqual(c.exception.uct, uct, c.exception.msg)
        self.assertIn(what, c.exception.msg)
        self.assertEqual(f.end(), 1)
        return c.exception
