#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""usr-ct-unpack against ordinary and hostile layers, in a real user namespace.

Run as an ordinary user with subordinate ids:  unpack.py PATH-OF-usr-ct-unpack
Each case builds an archive, has the helper unpack it, and compares the tree as it looks from inside
the namespace. Everything is unpacked by both drivers, which must agree on every byte: the plain one,
and the objects driver, whose metadata tree is made from the index and read through its objects.
Prints TAP.
"""
import gzip, hashlib, io, json, os, select, shutil, signal, socket, stat, struct, subprocess, sys, tarfile, tempfile

HELPER = sys.argv[1] if len(sys.argv) > 1 else ""
START = struct.Struct("=IIQQII2896x")  # without id maps
MOUNT_POINTS = {"etc/hosts", "etc/hostname", "etc/resolv.conf"}  # which every start needs
ERR = struct.Struct("=iii512s256s")
UCT_BAD_LAYER = 1209
SINGLE_ID, OBJECTS, TREE = 1, 2, 8

INSPECT = r"""
import hashlib, json, os, stat, sys
root, out = sys.argv[1], {}
objects = os.fsencode(sys.argv[2]) if len(sys.argv) > 2 else None
for d, dirs, files in os.walk(os.fsencode(root)):
    for n in [b"."] if d == os.fsencode(root) else []:
        dirs = dirs + [n]
    for n in dirs + files:
        p = os.path.join(d, n); s = os.lstat(p)
        e = {"mode": stat.S_IMODE(s.st_mode), "uid": s.st_uid, "gid": s.st_gid, "size": s.st_size,
             "mtime": s.st_mtime_ns, "nlink": s.st_nlink, "blocks": s.st_blocks, "rdev": s.st_rdev,
             "type": stat.S_IFMT(s.st_mode)}
        if stat.S_ISLNK(s.st_mode): e["link"] = os.readlink(p).decode("utf8", "surrogateescape")
        if stat.S_ISREG(s.st_mode) or stat.S_ISDIR(s.st_mode):
            e["x"] = {k: os.getxattr(p, k).hex() for k in os.listxattr(p)}
        if stat.S_ISREG(s.st_mode):
            c = p
            if objects and s.st_size:
                assert e["blocks"] == 0 or len(e["x"]) > 2, p
                o = objects + os.getxattr(p, "user.overlay.redirect")
                assert e["x"].pop("user.overlay.metacopy") == "", p
                assert len(bytes.fromhex(e["x"].pop("user.overlay.redirect"))) == 24, p
                assert os.lstat(o).st_size == s.st_size, p
                assert stat.S_IMODE(os.lstat(o).st_mode) == 0o400 and os.lstat(o).st_uid == os.geteuid(), p
                e["blocks"] = os.lstat(o).st_blocks
                c = o
            e["sha"] = hashlib.sha256(open(c, "rb").read()).hexdigest()
        out[os.path.relpath(p, os.fsencode(root)).decode("utf8", "surrogateescape")] = e
print(json.dumps(out))
"""


class Namespace:
    def __init__(self):
        self.p = subprocess.Popen(["unshare", "-U", "--map-auto", "--map-root-user", "sh", "-c",
                                   "echo ready; read x"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        assert self.p.stdout.readline() == b"ready\n", "no user namespace"
        self.fd = os.open("/proc/%d/ns/user" % self.p.pid, os.O_RDONLY | os.O_CLOEXEC)

    def run(self, argv):
        return subprocess.run(["nsenter", "-U", "-t", str(self.p.pid), "-S", "0", "-G", "0"] + argv,
                              check=True, stdout=subprocess.PIPE).stdout

    def close(self):
        self.p.stdin.close()
        self.p.wait()
        os.close(self.fd)


NS = None
WORK = None
PEAK_KB = []  # of helpers


def helper(flags, stream, stage, objects=None, indexes=None, max_bytes=1 << 30, max_entries=100000):
    """What the helper answers: (True, reply) or (False, error)."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    feed, stream_fd = (socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET) if flags & TREE
                       else (None, os.open(stream, os.O_RDONLY)))
    fds = [stream_fd.detach() if feed else stream_fd, os.open(stage, os.O_RDONLY | os.O_DIRECTORY)]
    if not flags & SINGLE_ID:
        fds.append(os.dup(NS.fd))
    if objects:
        fds.append(os.open(objects, os.O_RDONLY | os.O_DIRECTORY))
    p = start_at_3(theirs)
    theirs.close()
    socket.send_fds(ours, [START.pack(1, flags, max_bytes, max_entries, 0, 0)], fds)
    for fd in fds:
        os.close(fd)
    for index in indexes or []:
        with open(index, "rb") as f:
            socket.send_fds(feed, [b" "], [f.fileno()])
    if feed:
        feed.close()
    while not select.select([ours], [], [], 0.002)[0]:
        watch(p.pid)
    reply = ours.recv(4096)
    p.wait()
    ours.close()
    kind = struct.unpack_from("=I", reply)[0] if reply else 0
    if kind == 2:
        _, _, size, n, diff = struct.unpack_from("=IIQQ72s", reply)
        return True, {"size": size, "n": n, "diff": diff.split(b"\0")[0].decode()}
    assert kind == 3, "the helper died: %r" % reply
    _, code, uct, msg, hint = ERR.unpack_from(reply, 8)
    return False, {"code": code, "uct": uct, "msg": msg.split(b"\0")[0].decode("utf8", "replace"),
                   "hint": hint.split(b"\0")[0].decode()}


def watch(pid):
    """ru_maxrss would be ours: exec does not reset it."""
    try:
        with open("/proc/%d/status" % pid) as f:
            s = dict(line.split(":", 1) for line in f)
        if s["Name"].strip() == "usr-ct-unpack":
            PEAK_KB.append(int(s["VmHWM"].split()[0]))
    except (OSError, KeyError):
        pass


def inspect(single, *args):
    argv = ["/usr/bin/python3", "-c", INSPECT] + list(args)
    return json.loads(subprocess.check_output(argv) if single else NS.run(argv))


def assert_same(a, b, what):
    """Directories that the archive does not mention have the time of the unpacking, or none."""
    for n in MOUNT_POINTS & set(b) - set(a):
        assert b.pop(n)["size"] == 0, n
    assert set(a) == set(b), (what, set(a) ^ set(b))
    for n in a:
        for k in set(a[n]) | set(b[n]):
            x, y = a[n].get(k), b[n].get(k)
            is_implied = stat.S_ISDIR(a[n]["type"]) and y == 0
            if k == "mtime" and x > 1e18 and (abs(x - y) < 100e9 or is_implied):
                continue
            if k == "blocks" and abs(x - y) <= 64:  # of its own, for a file in many pieces
                continue
            if k in ("size", "blocks", "nlink") and stat.S_ISDIR(a[n]["type"]):
                continue
            assert x == y, (what, n, k, x, y)


def as_merged(tree):
    """What is left of a tree when nothing is below it: whiteouts have taken effect."""
    out = {}
    for n, e in tree.items():
        if stat.S_ISCHR(e["type"]):
            continue
        out[n] = dict(e)
        if "x" in e:
            out[n]["x"] = {k: v for k, v in e["x"].items() if k != "user.overlay.opaque"}
    return out


def compare_drivers(plain, reply, stream, d, single, **limits):
    flags = SINGLE_ID if single else 0
    objects, stage = os.path.join(d, "objects"), os.path.join(d, "stage")
    again = os.path.join(d, "again")
    for x in (objects, stage, again):
        os.mkdir(x, 0o700)
    ok, theirs = helper(flags | OBJECTS, stream, stage, objects, **limits)
    assert ok == (plain is not None), theirs
    if not ok:
        assert (reply["code"], reply["uct"]) == (theirs["code"], theirs["uct"]), (reply, theirs)
        return
    assert reply == theirs, (reply, theirs)
    assert os.listdir(stage) == ["index"]
    # A layer upon itself is what it is alone.
    for n in (1, 2):
        os.mkdir(os.path.join(again, str(n)), 0o700)
        ok, theirs = helper(flags | TREE, None, os.path.join(again, str(n)),
                            indexes=n * [os.path.join(stage, "index")])
        assert ok, theirs
        assert os.listdir(os.path.join(again, str(n))) == ["fs"]
        assert_same(as_merged(plain), inspect(single, os.path.join(again, str(n), "fs"), objects),
                    "tree")


def unpack(data, single=False, **limits):
    """Returns (tree, reply) or (None, error)."""
    d = tempfile.mkdtemp(dir=WORK)
    os.chmod(d, 0o700)
    stream = os.path.join(WORK, "stream")
    with open(stream, "wb") as f:
        f.write(data)
    try:
        plain = os.path.join(d, "plain")
        os.mkdir(plain, 0o700)
        ok, reply = helper(SINGLE_ID if single else 0, stream, plain, **limits)
        tree = inspect(single, os.path.join(plain, "fs")) if ok else None
        compare_drivers(tree, reply, stream, d, single, **limits)
        return tree, reply
    finally:
        NS.run(["rm", "-rf", d])


def start_at_3(sock):
    # A shell moves the descriptor to 3: nothing of Python runs between fork and exec.
    n = sock.fileno()
    return subprocess.Popen(["bash", "-c", 'exec "$0" 3<&%d' % n, HELPER], pass_fds=(n,))


class Tar:
    def __init__(self, fmt=tarfile.PAX_FORMAT):
        self.b = io.BytesIO()
        self.t = tarfile.open(fileobj=self.b, mode="w", format=fmt, errors="surrogateescape")

    def add(self, name, kind=tarfile.REGTYPE, data=b"", mode=0o644, uid=0, gid=0, link="", mtime=1000,
            pax=None, dev=(0, 0)):
        i = tarfile.TarInfo(name)
        i.type, i.mode, i.uid, i.gid, i.linkname, i.mtime = kind, mode, uid, gid, link, mtime
        i.devmajor, i.devminor = dev
        i.size = len(data)
        i.pax_headers = pax or {}
        self.t.addfile(i, io.BytesIO(data))
        return self

    def dir(self, name, mode=0o755, **k):
        return self.add(name, tarfile.DIRTYPE, mode=mode, **k)

    def sym(self, name, to, **k):
        return self.add(name, tarfile.SYMTYPE, link=to, mode=0o777, **k)

    def hard(self, name, to):
        return self.add(name, tarfile.LNKTYPE, link=to)

    def end(self):
        self.t.close()
        return self.b.getvalue()


def sha(b):
    return hashlib.sha256(b).hexdigest()


def good(data, **k):
    tree, reply = unpack(data, **k)
    assert tree is not None, reply
    return tree, reply


def bad(data, word="", uct=UCT_BAD_LAYER, **k):
    tree, reply = unpack(data, **k)
    assert tree is None, "it was accepted: %r" % sorted(tree)
    assert reply["uct"] == uct, reply
    assert word in reply["msg"], reply
    return reply


OPAQUE = {"user.overlay.opaque": b"y".hex()}
WHITEOUT = (0o020000, 0)


def is_wh(e):
    return (e["type"], e["rdev"]) == WHITEOUT


# ---- what images really contain

def case_ordinary():
    t = Tar().dir("./").dir("bin", 0o755).add("bin/sh", data=b"x" * 100000, mode=0o755)
    t.add("bin/su", data=b"s", mode=0o4755).add("bin/mail", data=b"m", mode=0o2755, gid=8)
    t.sym("bin/dash", "sh").hard("bin/ash", "bin/sh").dir("tmp", 0o1777).dir("ro", 0o555)
    t.add("ro/f", data=b"r", mode=0o444, uid=33, gid=33, mtime=1234567890)
    t.add("run/fifo", tarfile.FIFOTYPE, mode=0o640, uid=5).dir("home/u", 0o2750, uid=1000, gid=1000,
                                                             mtime=77)
    data = t.end()
    tree, r = good(gzip.compress(data))
    assert r["diff"] == "sha256:" + sha(data)
    assert r["size"] == 100003, r
    assert tree["bin/sh"]["sha"] == sha(b"x" * 100000) and tree["bin/sh"]["nlink"] == 2
    assert tree["bin/su"]["mode"] == 0o4755 and tree["bin/mail"]["mode"] == 0o2755
    assert tree["bin/mail"]["gid"] == 8
    assert tree["bin/dash"]["link"] == "sh"
    assert tree["tmp"]["mode"] == 0o1777 and tree["ro"]["mode"] == 0o555
    f = tree["ro/f"]
    assert (f["uid"], f["gid"], f["mode"], f["mtime"]) == (33, 33, 0o444, 1234567890 * 10**9)
    assert tree["run"]["mode"] == 0o755 and tree["run/fifo"]["mode"] == 0o640
    h = tree["home/u"]
    assert (h["uid"], h["mode"], h["mtime"]) == (1000, 0o2750, 77 * 10**9)
    assert tree["."]["mode"] == 0o755 and tree["."]["uid"] == 0


def case_directory_times_survive_their_contents():
    tree, _ = good(Tar().dir("a", mtime=5).dir("a/b", mtime=6).add("a/b/c").add("a/d").end())
    assert tree["a"]["mtime"] == 5 * 10**9 and tree["a/b"]["mtime"] == 6 * 10**9


def case_nanoseconds():
    tree, _ = good(Tar().add("f", mtime=1.25, pax={"mtime": "1700000000.123456789"}).end())
    assert tree["f"]["mtime"] == 1700000000123456789


def case_attributes():
    cap = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0".decode("latin1")
    x = {"SCHILY.xattr.user.note": "hello", "SCHILY.xattr.security.capability": cap,
         "SCHILY.xattr.trusted.overlay.opaque": "y", "SCHILY.xattr.user.overlay.opaque": "y",
         "SCHILY.xattr.user.overlay.redirect": "/etc", "SCHILY.xattr.security.selinux": "bad"}
    tree, _ = good(Tar().add("ping", data=b"p", mode=0o555, pax=x).dir("d", pax=x).end())
    f = tree["ping"]["x"]
    assert f["user.note"] == b"hello".hex() and f["security.capability"].startswith("01000002"), f
    assert set(f) == {"user.note", "security.capability"}, f
    assert set(tree["d"]["x"]) <= {"user.note", "security.capability"}, tree["d"]
    tree, _ = good(Tar().add("ping", data=b"p", mode=0o444, pax=x).end(), single=True)
    assert set(tree["ping"]["x"]) == {"user.note"} and tree["ping"]["mode"] == 0o444


def case_names():
    long = "/".join(["d" * 200] * 10) + "/" + "n" * 255
    raw = b"caf\xe9".decode("utf8", "surrogateescape")
    t = Tar().add("äöü/\u65e5\u672c").add(long, data=b"1").add("/abs/./x//y", data=b"2")
    t.add("a/b/../c", data=b"3").add("with space\n\x1b")
    tree, _ = good(t.end())
    for n in ("äöü/\u65e5\u672c", long, "abs/x/y", "a/c", "with space\n\x1b"):
        assert n in tree, n
    tree, _ = good(Tar(tarfile.USTAR_FORMAT).add(raw).end())
    assert raw in tree, sorted(tree)
    tree, _ = good(Tar(tarfile.PAX_FORMAT).sym("s", raw).end())
    assert tree["s"]["link"] == raw, tree["s"]
    tree, _ = good(Tar(tarfile.GNU_FORMAT).add(long, data=b"1").end())
    assert long in tree


def case_deep():
    name = "/".join(["d"] * 900)
    tree, _ = good(Tar().add(name + "/f", data=b"x").add(name + "/g").add("d/h").end())
    assert name + "/f" in tree and name + "/g" in tree and "d/h" in tree


def case_links_inside_the_root():
    t = Tar().dir("usr/lib").sym("lib", "usr/lib").add("lib/x", data=b"1").sym("abs", "/usr/lib")
    t.add("abs/y", data=b"2").sym("up", "../../../usr").add("up/z", data=b"3").hard("lib/l", "abs/x")
    tree, _ = good(t.end())
    assert {"usr/lib/x", "usr/lib/y", "usr/z", "usr/lib/l"} <= set(tree)
    assert tree["lib"]["link"] == "usr/lib"


def case_replacing():
    t = Tar().add("f", data=b"1").add("f", data=b"22").dir("d").add("d/x").add("d", data=b"3")
    t.add("g", data=b"4").dir("g", 0o700).add("g/in", data=b"5").dir("k", 0o700).add("k/x")
    t.dir("k", 0o711, uid=7).sym("s", "f").add("s", data=b"6").hard("h", "f").hard("h", "s")
    t.dir("m/n").add("m/n/o").add("m", data=b"7").add("p/q").dir("r").sym("p/t", "../r").add("p/t/u")
    t.add("p/t").add("p/v")
    tree, _ = good(t.end())
    assert tree["f"]["sha"] == sha(b"22") and tree["d"]["sha"] == sha(b"3")
    assert "d/x" not in tree and tree["g/in"]["sha"] == sha(b"5") and tree["g"]["mode"] == 0o700
    assert (tree["k"]["mode"], tree["k"]["uid"]) == (0o711, 7) and "k/x" in tree
    assert tree["s"]["sha"] == sha(b"6") and tree["h"]["nlink"] == 2
    assert tree["m"]["sha"] == sha(b"7") and "r/u" in tree and "p/v" in tree


def case_devices_are_left_out():
    t = Tar().add("dev/null", tarfile.CHRTYPE, dev=(1, 3)).add("dev/sda", tarfile.BLKTYPE, dev=(8, 0))
    tree, r = good(t.add("dev/wh", tarfile.CHRTYPE, dev=(0, 0)).add("x").end())
    assert set(tree) == {".", "x"}, sorted(tree)


def case_sparse():
    p = os.path.join(WORK, "sparse")
    with open(p, "wb") as f:
        f.write(b"head")
        f.seek(50 << 20)
        f.write(b"tail")
        f.truncate(60 << 20)
    want = sha(open(p, "rb").read())
    for fmt in ("gnu", "posix"):
        data = subprocess.check_output(["tar", "-C", WORK, "-cSf", "-", "--format=" + fmt, "sparse"])
        tree, _ = good(data)
        assert tree["sparse"]["sha"] == want and tree["sparse"]["blocks"] < 1000, fmt
    os.unlink(p)


def case_compressions():
    data = Tar().add("a", data=os.urandom(300000)).add("b", data=b"y" * 3000000).end()
    for cut in (1, 511, 70000, len(data) - 1):
        tree, r = good(gzip.compress(data[:cut]) + gzip.compress(b"") + gzip.compress(data[cut:]))
        assert r["diff"] == "sha256:" + sha(data) and tree["b"]["size"] == 3000000
    good(gzip.compress(data) + bytes(100000))
    z = subprocess.run(["zstd", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    z1 = subprocess.run(["zstd", "-c"], input=data[:999], stdout=subprocess.PIPE).stdout
    z2 = subprocess.run(["zstd", "-c", "--no-check"], input=data[999:], stdout=subprocess.PIPE).stdout
    skip = struct.pack("<II", 0x184d2a50, 5) + b"12345"
    for blob in (z, z1 + z2, skip + z + skip):
        assert good(blob)[1]["diff"] == "sha256:" + sha(data)
    more = data + b"\0" * 5120 + b"what follows the end counts"
    assert good(more)[1]["diff"] == "sha256:" + sha(more)


def case_empty_tar():
    tree, r = good(gzip.compress(bytes(1024)))
    assert set(tree) == {"."} and r["diff"] == "sha256:" + sha(bytes(1024))


def case_single_id():
    t = Tar().add("f", data=b"1", uid=33, gid=4294967294, mode=0o4755).dir("ro", 0o500, uid=9).add("ro/x")
    t.add("ro/.wh.y").add("ro/.wh..wh..opq").dir("none", 0).add("none/z").dir("none", 0o111)
    tree, _ = good(t.end(), single=True)
    me = os.getuid()
    assert tree["f"]["uid"] == me and tree["f"]["mode"] == 0o4755
    assert tree["ro"]["mode"] == 0o500 and is_wh(tree["ro/y"]) and tree["none"]["mode"] == 0o111


# ---- whiteouts

def case_whiteouts():
    t = Tar().add("etc/.wh.gone").add("opq/.wh..wh..opq").add("opq/new").add("late/new")
    t.add("late/.wh..wh..opq").add("keep", data=b"k").add(".wh.keep")
    tree, _ = good(t.end())
    assert is_wh(tree["etc/gone"])
    assert tree["opq"]["x"] == OPAQUE and "opq/new" in tree
    assert tree["late"]["x"] == OPAQUE and "late/new" in tree
    assert tree["keep"]["sha"] == sha(b"k")
    assert not any(".wh." in n for n in tree)


def case_whiteout_and_directory():
    for t in (Tar().dir("d").add("d/n").add(".wh.d"), Tar().add(".wh.d").dir("d").add("d/n"),
              Tar().add(".wh.d").add("d/n")):
        tree, _ = good(t.end())
        assert tree["d"]["x"] == OPAQUE and "d/n" in tree
    tree, _ = good(Tar().add(".wh.f").add("f", data=b"1").add(".wh.l").sym("l", "f").end())
    assert tree["f"]["sha"] == sha(b"1") and tree["l"]["link"] == "f"


def case_whiteout_of_the_root():
    tree, _ = good(Tar().add(".wh..wh..opq").add("f").end())
    assert tree["."]["x"] == OPAQUE and set(tree) == {".", "f"}


def case_whiteout_oddities():
    for n in (".wh.", "a/.wh..", "a/.wh...", ".wh.x/y"):
        bad(Tar().add(n).end())
    tree, _ = good(Tar().add(".wh..wh.plnk/1").add(".wh..wh.aufs").add("f").end())
    assert set(tree) == {".", "f"}
    bad(Tar().add(".wh.g").hard("h", "g").end(), "no file of the layer")


# ---- hostile archives

def case_leaving_the_root():
    for n in ("../x", "a/../../x", "/../x", "a/b/../../../x", ".."):
        bad(Tar().add(n, data=b"evil").end(), "leaves the image's root")
    bad(Tar().add("f").hard("h", "../../etc/passwd").end(), "leaves the image's root")


def case_links_leading_out():
    target = tempfile.mkdtemp(dir=WORK)
    bad(Tar().sym("e", target).add("e/x", data=b"evil").end(), "leads to no directory")
    bad(Tar().sym("e", "../" * 20 + target).add("e/x").end(), "leads to no directory")
    bad(Tar().sym("e", target).dir("e/sub").end(), "leads to no directory")
    bad(Tar().sym("e", "/proc/self/root").add("e/x").end(), "leads to no directory")
    bad(Tar().sym("a", "b").sym("b", "a").add("a/x").end(), "leads to no directory")
    good(Tar().sym("e", "/").add("e/x").end())
    good(Tar().sym("e", target).dir("e").add("e/x").end())
    bad(Tar().sym("e", "/etc").hard("h", "e/passwd").end(), "no file of the layer")
    tree, _ = good(Tar().sym("p", "/etc/passwd").hard("h", "p").add("p", data=b"w").end())
    assert tree["h"]["link"] == "/etc/passwd" and tree["p"]["sha"] == sha(b"w")
    tree, _ = good(Tar().sym("w", target + "/file").add("w", data=b"evil").end())
    assert tree["w"]["size"] == 4
    # A link in place of a directory whose descriptor is still held.
    bad(Tar().dir("d/e").add("d/e/f").sym("d", target).add("d/e/g").end(), "leads to no directory")
    assert os.listdir(target) == [], os.listdir(target)


def case_impossible():
    bad(Tar().add("f").add("f/x").end(), "not a directory")
    bad(Tar().hard("h", "nothing").end(), "no file of the layer")
    bad(Tar().dir("d").hard("h", "d").end(), "no file of the layer")
    bad(Tar().add("a/" + "n" * 256).end(), "too long")
    bad(Tar().add("/".join(["d" * 250] * 17)).end(), "too long")
    bad(Tar().add(".").end(), "root is not a directory")
    r = bad(Tar().add("f", uid=3000000).end(), "outside your range")
    assert "subuid" in r["hint"]
    bad(Tar().dir("d", gid=3000000).end(), "outside your range")
    bad(Tar().sym("s", "x", uid=3000000).end(), "outside your range")


def case_limits():
    t = Tar()
    for i in range(50):
        t.add("f%d" % i)
    data = t.end()
    good(data, max_entries=50)
    bad(data, "more than 49", max_entries=49)
    bomb = gzip.compress(Tar().add("big", data=bytes(50 << 20)).end())
    bad(bomb, "unpacks to more", max_bytes=50 << 20)
    claim = Tar().end()
    i = tarfile.TarInfo("huge")
    i.size = 1 << 40
    bad(i.tobuf(tarfile.GNU_FORMAT) + claim, "unpacks to more")


def case_damage():
    data = Tar().add("a", data=os.urandom(200000)).add("b", data=b"z" * 100).end()
    z = gzip.compress(data)
    bad(b"", "empty")
    for n in (5, 12, 1000, len(z) // 2, len(z) - 9, len(z) - 8, len(z) - 1):
        bad(z[:n], "", uct=UCT_BAD_LAYER)
    bad(z[:-6] + bytes([z[-6] ^ 1]) + z[-5:], "damaged")
    bad(z + b"garbage", "followed by")
    bad(z + bytes(10) + z, "followed by")
    bad(z[:5000] + b"\xff" * 50 + z[5050:])
    bad(data[:1000])
    bad(data[:100000])
    bad(b"\xff" * 4096)
    zs = subprocess.run(["zstd", "-c"], input=data, stdout=subprocess.PIPE).stdout
    bad(zs[:-1], "truncated")
    bad(zs[:200], "truncated")
    bad(zs[:3000] + b"\0\0\0\0" + zs[3004:], "damaged")
    bad(zs + b"garbage")
    bad(subprocess.run(["xz", "-c"], input=data, stdout=subprocess.PIPE).stdout, "xz")


# ---- what libarchive would take, or what tar programs differ in; umoci's word in case_odd_as_umoci

def raw(name, kind=b"0", data=b"", link=b"", size=None):
    """A member by the byte."""
    size = len(data) if size is None else size
    h = bytearray(512)
    h[0:len(name)] = name
    for at, text in ((100, b"0000644"), (108, b"0000000"), (116, b"0000000"), (124, b"%011o" % size),
                     (136, b"%011o" % 1000)):
        h[at:at + len(text)] = text
    h[156:157], h[157:157 + len(link)], h[257:265] = kind, link, b"ustar\x0000"
    h[148:156] = b"%06o\0 " % (sum(h) + 8 * 32)
    return bytes(h) + data + bytes(-len(data) % 512)


def pax(key, value, kind=b"x"):
    body = b"%s=%s\n" % (key, value)
    n = len(body) + 2
    while len(b"%d %s" % (n, body)) != n:
        n += 1
    return raw(b"pax", kind, b"%d %s" % (n, body))


FILE, END = raw(b"f", data=b"abc"), bytes(1024)
GLOBAL = "umoci stops at global headers, which git archive writes; podman ignores them"
# name: (tar, names that come of it or None if it is refused, why umoci's is another)
ODD = {
    "zero-in-path": (pax(b"path", b"a\0b") + FILE + END, None, None),
    "zero-in-link": (pax(b"linkpath", b"a\0b") + raw(b"l", b"2", link=b"x") + END, None, None),
    "type-Z": (raw(b"u", b"Z", b"abc") + FILE + END, None, None),
    "contiguous": (raw(b"u", b"7", b"abc") + FILE + END, None, None),
    "volume": (raw(b"v", b"V") + FILE + END, None, None),
    "solaris-acl": (raw(b"a", b"A", b"abc") + FILE + END, None, None),
    "dumpdir": (raw(b"d", b"D", b"abc") + FILE + END, None, None),
    "multi-volume": (raw(b"m", b"M", b"abc") + FILE + END, None, None),
    "global-path": (pax(b"path", b"r", b"g") + FILE + END, {"f"}, GLOBAL),
    "global-comment": (pax(b"comment", b"r", b"g") + FILE + END, {"f"}, GLOBAL),
    "negative-owner": (pax(b"uid", b"-1") + FILE + END, None, "umoci --rootless sets no owners"),
    "huge-owner": (pax(b"uid", b"9" * 20) + FILE + END, None, None),
    "huge-size": (pax(b"size", b"9" * 20) + FILE + END, None, None),
    "negative-size": (pax(b"size", b"-5") + FILE + END, None, None),
    "size-by-pax": (pax(b"size", b"3") + raw(b"f", data=b"abc", size=0) + END, {"f"}, None),
    "damaged-pax": (raw(b"p", b"x", b"99 abc=def") + FILE + END, None, None),
    "early-times": (pax(b"mtime", b"-1.5") + FILE + END, {"f"}, None),
    "late-times": (pax(b"mtime", b"9223372036854775807") + FILE + END, {"f"}, None),
    "slash-file": (raw(b"d/") + FILE + END, {"d", "f"}, None),
    "wrong-checksum": (FILE[:148] + b"000000\0 " + FILE[156:] + END, None, None),
    "no-end": (FILE, {"f"}, None),
    "data-of-directory": (raw(b"d", b"5", b"abc") + FILE + END, None, None),
    "data-of-link": (raw(b"s", b"2", b"abc", b"f") + FILE + END, None, None),
    "data-of-hard-link": (FILE + raw(b"h", b"1", b"abc", b"f") + END, None, None),
    "absolute-hard-link": (FILE + raw(b"h", b"1", link=b"/f") + END, {"f", "h"}, None),
    "hard-link-to-itself": (FILE + raw(b"f", b"1", link=b"./f") + END, None, None),
    "gnu-long-link": (raw(b"@", b"K", b"tgt\0\0") + raw(b"s", b"2", link=b"x") + END, {"s"}, None),
    "gnu-long-name": (raw(b"@", b"L", b"a\0b\0") + FILE + END, {"a"}, None),
    "long-attribute": (pax(b"SCHILY.xattr.user." + b"n" * 300, b"v") + FILE + END, None, None),
    "binary-name": (raw(b"\xe4") + END, {"\udce4"}, None),
    "binary-in-pax": (pax(b"path", b"caf\xe9") + FILE + END, {"caf\udce9"}, None),
    "binary-hard-link": (pax(b"path", b"\xe9") + FILE + pax(b"linkpath", b"\xe9") +
                         raw(b"h", b"1", link=b"x") + END, {"\udce9", "h"}, None),
    "binary-owner": (pax(b"uname", b"\xe9") + FILE + END, {"f"}, None),
    "damaged-beside-binary": (raw(b"p", b"x", b"13 path=caf\xe9\n99 a=") + FILE + END, None, None),
    "sparse-0.0": (pax(b"GNU.sparse.size", b"1000") + FILE + END, {"f"}, None),
    "mac": (raw(b"._f", data=b"abc") + FILE + END, {"f", "._f"}, None),
}


def case_odd_members():
    for n, (data, want, _) in ODD.items():
        tree, reply = unpack(data)
        assert (tree is None) == (want is None), (n, tree and sorted(tree), reply)
        assert tree is None or set(tree) - {"."} == want, (n, sorted(tree))
        assert tree or reply["uct"] == UCT_BAD_LAYER, (n, reply)
        for cut in range(512, len(data) - 1024, 512): # never a crash, whatever comes of it
            unpack(data[:cut])


def case_attributes_oddly():
    x = pax(b"SCHILY.xattr.user.zero", b"a\0b")
    tree, _ = good(x + FILE + END)
    assert tree["f"]["x"] == {"user.zero": b"a\0b".hex()}
    tree, _ = good(pax(b"SCHILY.xattr.user.empty", b"") + FILE + END)
    assert tree["f"]["x"] == {"user.empty": ""}
    # As bsdtar writes them; what may not stand in an image may not in this form either.
    tree, _ = good(pax(b"LIBARCHIVE.xattr.user.a", b"aGVsbG8") + FILE + END)
    assert tree["f"]["x"] == {"user.a": b"hello".hex()}
    for name in (b"user.overlay.redirect", b"trusted.overlay.opaque", b"user.usrct.owner"):
        for way in (b"LIBARCHIVE.xattr.", b"SCHILY.xattr."):
            tree, _ = good(pax(way + name, b"eQ") + FILE + END)
            assert tree["f"]["x"] == {}, tree
    tree, _ = good(pax(b"SCHILY.acl.access", b"user::rwx,group::r-x,other::---") + FILE + END)
    # An archive whose ACL is not what its mode says contradicts itself; libarchive takes the ACL.
    assert tree["f"]["mode"] == 0o750 and tree["f"]["x"] == {}


def case_sparse_forms():
    """Many pieces: more than fit into one header of any form."""
    p = os.path.join(WORK, "pieces")
    with open(p, "wb") as f:
        for i in range(100):
            f.seek(i << 16)
            f.write(b"%03d" % i)
        f.truncate(8 << 20)
    want = sha(open(p, "rb").read())
    for args in (["--format=gnu"], ["--format=posix", "--sparse-version=0.0"],
                 ["--format=posix", "--sparse-version=0.1"], ["--format=posix", "--sparse-version=1.0"]):
        data = subprocess.check_output(["tar", "-C", WORK, "-cSf", "-"] + args + ["pieces"])
        tree, _ = good(data)
        assert tree["pieces"]["sha"] == want and tree["pieces"]["blocks"] < 2000, args
    os.unlink(p)


def case_memory():
    """Whatever an archive claims, it does not make us large."""
    sanitized = b"__asan_init" in open(HELPER, "rb").read()
    size = 64 << 20
    for kind in (b"x", b"g", b"L", b"K"):
        PEAK_KB.clear()
        bad(gzip.compress(raw(b"h", kind, b"x" * size) + FILE + END, 1), "header of the archive")
        assert sanitized or max(PEAK_KB, default=0) < 40 << 10, (kind, max(PEAK_KB))
    PEAK_KB.clear()
    good(gzip.compress(Tar().add("large", data=bytes(256 << 20)).end(), 1))
    assert sanitized or max(PEAK_KB) < 40 << 10, max(PEAK_KB)


def case_odd_as_umoci():
    if not shutil.which("umoci"):
        return "umoci is not installed"
    d = tempfile.mkdtemp(dir=WORK)
    def um(*a):
        return subprocess.run(("umoci",) + a, cwd=d, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0
    assert um("init", "--layout", "i")
    for n, (data, want, why) in ODD.items():
        with open(d + "/l.tar", "wb") as f:
            f.write(data)
        assert um("new", "--image", "i:" + n) and um("raw", "add-layer", "--image", "i:" + n, "l.tar")
        took = um("unpack", "--rootless", "--image", "i:" + n, n)
        if why:
            assert took != (want is not None), "%s: umoci does as we do now; we thought: %s" % (n, why)
            continue
        assert took == (want is not None), (n, took)
        names = {os.fsencode(x).decode("utf8", "surrogateescape") for x in os.listdir(d + "/" + n + "/rootfs")} if took else None
        assert names == want, (n, names)


# Where podman (its vfs driver) makes something else of a layer in ODD, and why we do not.
PODMAN = {
    "negative-owner": "chown(2) takes -1 for 'as it is', so root gets it; nobody meant that",
    "slash-file": "GNU tar and libarchive make a directory of it, Go a file",
    "sparse-0.0": "a size without a map: libarchive believes it, Go passes over it",
}


def pack_odd(d):
    """Each layer in ODD as an image of a layout."""
    blobs = os.path.join(d, "i", "blobs", "sha256")
    os.makedirs(blobs)
    def put(data, **more):
        digest = sha(data)
        with open(os.path.join(blobs, digest), "wb") as f:
            f.write(data)
        return dict(digest="sha256:" + digest, size=len(data), **more)
    manifests = []
    for n, (data, _, _) in ODD.items():
        config = put(json.dumps({"architecture": "amd64", "os": "linux", "config": {"Labels": {"n": n}}, "rootfs": {
            "type": "layers", "diff_ids": ["sha256:" + sha(data)]}}).encode(),
                     mediaType="application/vnd.oci.image.config.v1+json")
        layer = put(data, mediaType="application/vnd.oci.image.layer.v1.tar")
        manifests.append(put(json.dumps({"schemaVersion": 2, "config": config, "layers": [layer]}).encode(),
                             mediaType="application/vnd.oci.image.manifest.v1+json",
                             annotations={"org.opencontainers.image.ref.name": n}))
    for name, what in (("index.json", {"schemaVersion": 2, "manifests": manifests}),
                       ("oci-layout", {"imageLayoutVersion": "1.0.0"})):
        with open(os.path.join(d, "i", name), "w") as f:
            json.dump(what, f)


# In podman's own user namespace: one line of JSON for each image.
BY_PODMAN = r"""
import json, os, subprocess, sys
def podman(*a):
    return subprocess.run(("podman", "--root", "root", "--runroot", "run", "--storage-driver", "vfs") + a,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
for n in sys.argv[2:]:
    p = podman("pull", "-q", "--arch", "amd64", "oci:i:" + n)
    tree = None
    if p.returncode == 0:
        where = podman("image", "mount", p.stdout.decode().split()[-1]).stdout.decode().strip()
        tree = json.loads(subprocess.check_output([sys.executable, "-c", sys.argv[1], where]))
    print(json.dumps([n, tree, p.stderr.decode()]))
    sys.stdout.flush()
"""


def end_pauses(d):
    """What podman leaves to hold its namespace."""
    for where, _, names in os.walk(d):
        if "pause.pid" in names:
            with open(os.path.join(where, "pause.pid")) as f:
                os.kill(int(f.read()), signal.SIGKILL)


def case_odd_as_podman():
    """podman's tree of each: the same names, types, modes, owners, links, contents and attributes."""
    if not shutil.which("podman"):
        return "podman is not installed"
    d = tempfile.mkdtemp(dir=WORK)
    os.makedirs(d + "/home")
    pack_odd(d)
    env = dict(os.environ, HOME=d + "/home", XDG_RUNTIME_DIR=d, XDG_CONFIG_HOME=d + "/home", XDG_DATA_HOME=d + "/home")
    try:
        out = subprocess.run(["podman", "--root", "root", "--runroot", "run", "--storage-driver", "vfs", "unshare",
                              "/usr/bin/python3", "-c", BY_PODMAN, INSPECT] + list(ODD), cwd=d, env=env,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    finally:
        end_pauses(d)
    wrong = []
    for line in out.splitlines():
        n, theirs, why = json.loads(line)
        ours, _ = unpack(ODD[n][0])
        is_same = (theirs is None) == (ours is None)
        if is_same and ours is not None:
            for t in (ours, theirs):
                t.pop(".")
            is_same = set(ours) == set(theirs) and all(
                ours[x].get(k) == theirs[x].get(k) for x in ours
                for k in ("type", "mode", "uid", "gid", "size", "link", "sha", "x")
                if not (k == "size" and stat.S_ISDIR(ours[x]["type"])))
        if is_same == (n in PODMAN):
            wrong.append((n, "ours:", ours, "theirs:", theirs, why))
    assert not wrong, wrong


def case_same_as_umoci():
    """An image made by umoci, unpacked by both."""
    if not shutil.which("umoci"):
        return "umoci is not installed"
    d = os.path.join(WORK, "um")
    t = Tar().dir("bin").add("bin/x", data=b"1", mode=0o4755).sym("l", "bin").add("l/y", mode=0o600)
    t.hard("h", "bin/x").dir("d", 0o700).add("d/a").add("abs/../c").add("/e/f").dir("d", 0o711)
    data = t.end()
    tree, _ = good(data)
    os.makedirs(d)
    with open(d + "/l.tar", "wb") as f:
        f.write(data)
    def um(*a):
        subprocess.run(("umoci",) + a, check=True, cwd=d, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    um("init", "--layout", "i")
    um("new", "--image", "i:t")
    um("raw", "add-layer", "--image", "i:t", "l.tar")
    um("unpack", "--rootless", "--image", "i:t", "b")
    theirs = json.loads(subprocess.check_output(["/usr/bin/python3", "-c", INSPECT, d + "/b/rootfs"]))
    assert set(theirs) == set(tree), set(theirs) ^ set(tree)
    for n in tree:
        for k in ("type", "mode", "size", "link", "sha"):
            if n != ".":
                assert theirs[n].get(k) == tree[n].get(k), (n, k)
    shutil.rmtree(d)


def main():
    global NS, WORK
    if os.getuid() == 0 or not HELPER:
        print("1..0 # SKIP give the helper's path, as an ordinary user")
        return 77
    WORK = tempfile.mkdtemp(prefix="unpack-", dir=os.path.expanduser("~"))
    NS = Namespace()
    cases = [(n, f) for n, f in globals().items() if n.startswith("case_")]
    if len(sys.argv) > 2:
        cases = [c for c in cases if sys.argv[2] in c[0]]
    failed = 0
    print("1..%d" % len(cases))
    for i, (n, f) in enumerate(cases, 1):
        try:
            why = f()
            print("ok %d - %s%s" % (i, n[5:], " # SKIP " + why if why else ""))
        except AssertionError as x:
            failed += 1
            import traceback
            tb = traceback.extract_tb(x.__traceback__)
            line = [t for t in tb if t.name == n][-1].lineno
            print("not ok %d - %s: line %d: %s" % (i, n[5:], line, x))
        sys.stdout.flush()
    NS.run(["rm", "-rf", WORK])
    NS.close()
    return 1 if failed else 0


sys.exit(main())
