#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""measure - usr-ct beside rootless podman (crun) and bubblewrap, in one run, taking turns

Started by tests/bench/prepare. What it prints are medians, and ratios between programs that took
turns on the same machine in the same minutes; the ratios are what to compare and to quote.

Wall time ends when the command returns. CPU time is what the cgroup of everything started here
used until all of it was gone, so that processes which go on in the background are counted; where
the kernel keeps no cpu.stat it is the CPU time of the command and the children it waited for.
"""
import argparse
import calendar
import glob
import json
import os
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

CGROUP = os.environ.get("USRCT_TEST_CGROUP", "")
NULL = subprocess.DEVNULL
IDLE_S = 3  # what watches an idle container has given its memory back by then


def cgroup_cpu_ms():
    try:
        with open(f"{CGROUP}/cpu.stat", encoding="ascii") as f:
            return int(f.readline().split()[1]) / 1000
    except (OSError, IndexError, ValueError):
        return None


def processes():
    """The ids of all processes in the cgroup, and so of all that was started here."""
    found = set()
    for here, _, names in os.walk(CGROUP):
        if "cgroup.procs" in names:
            try:
                with open(f"{here}/cgroup.procs", encoding="ascii") as f:
                    found.update(map(int, f.read().split()))
            except OSError:
                pass
    return found


class Sample:
    def __init__(self, wall_ms, cpu_ms):
        self.wall_ms, self.cpu_ms = wall_ms, cpu_ms


class Contender:
    """One of those that are compared. @argv may be a function of the round."""

    def __init__(self, name, argv, before=None, after=None, env=None, stdin=None, stdout=NULL):
        self.name, self.argv, self.before, self.after = name, argv, before, after
        self.env = {**os.environ, **(env or {})}
        self.stdin, self.stdout = stdin, stdout
        self.samples = []

    def command(self, turn):
        return self.argv(turn) if callable(self.argv) else self.argv

    def once(self, turn, baseline):
        if self.before:
            self.before(turn)
        argv = self.command(turn)
        cgroup = cgroup_cpu_ms()
        own = time.process_time()
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        stdin = self.stdin() if self.stdin else NULL
        start = time.perf_counter()
        child = subprocess.Popen(argv, stdin=stdin, stdout=self.stdout,
                                 stderr=subprocess.PIPE, env=self.env)
        if stdin is not NULL:
            stdin.close()
        if self.stdout == subprocess.PIPE:
            while os.read(child.stdout.fileno(), 1 << 20):
                pass
            child.stdout.close()
        errors = child.stderr.read()
        _, status = os.waitpid(child.pid, 0)
        wall = (time.perf_counter() - start) * 1000
        child.returncode = os.waitstatus_to_exitcode(status)
        child.stderr.close()
        if child.returncode != 0:
            sys.exit(f"measure: {self.name} failed: {' '.join(argv)}\n{errors.decode()}")
        deadline = time.monotonic() + 2
        while baseline is not None and processes() - baseline and time.monotonic() < deadline:
            time.sleep(0.002)
        if cgroup is not None:
            cpu = cgroup_cpu_ms() - cgroup - (time.process_time() - own) * 1000
        else:
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = (after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime) * 1000
        if self.after:
            self.after(turn)
        return Sample(wall, cpu)


def compare(title, contenders, rounds, note=""):
    print(f"\n{title} ({rounds} rounds, taking turns; medians)")
    for c in contenders:
        print(f"  {c.name}: {' '.join(c.command(0))}")
    # Once for nothing: caches, and processes that stay (a holder, a pause process).
    for c in contenders:
        c.once(0, None)
    settle = time.monotonic() + 1
    while time.monotonic() < settle:
        time.sleep(0.05)
    baseline = processes()
    for turn in range(1, rounds + 1):
        for c in contenders:
            c.samples.append(c.once(turn, baseline))
    first = contenders[0]
    print(f"  {'':<14}{'wall ms':>10}{'best':>9}{'CPU ms':>10}   "
          f"{first.name} takes ... of its wall / CPU")

    def middle(c, field):
        return statistics.median(getattr(s, field) for s in c.samples)

    for c in contenders:
        wall, cpu = middle(c, "wall_ms"), middle(c, "cpu_ms")
        ratio = ""
        if c is not first:
            ratio = (f"   {middle(first, 'wall_ms') / wall:.3f} (1/{wall / middle(first, 'wall_ms'):.1f})"
                     f" / {middle(first, 'cpu_ms') / cpu:.3f} (1/{cpu / middle(first, 'cpu_ms'):.1f})")
        print(f"  {c.name:<14}{wall:>10.2f}{min(s.wall_ms for s in c.samples):>9.2f}{cpu:>10.2f}{ratio}")
    if note:
        print(f"  note: {note}")


def quiet(*argv, env=None):
    done = subprocess.run(argv, stdin=NULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, **(env or {})}, check=False)
    if done.returncode != 0:
        sys.exit(f"measure: {' '.join(argv)}\n{done.stderr.decode()}")
    return done.stdout.decode().strip()


class Place:
    """Fresh stores for all, removed at the end with what is in them."""

    def __init__(self, options):
        self.options = options
        self.dir = tempfile.mkdtemp(prefix="uctb.", dir=options.place)
        os.environ["XDG_DATA_HOME"] = f"{self.dir}/data"
        # The path of a Unix socket is short.
        self.run = tempfile.mkdtemp(prefix="uctb.", dir="/tmp")
        os.environ["XDG_RUNTIME_DIR"] = self.run
        self.image = f"{options.registry}/starter"

    def usrct(self, *args):
        return ["usr-ct", *args]

    def podman(self, *args):
        return ["podman", "--cgroup-manager=cgroupfs", "--runtime=crun", "--root",
                f"{self.dir}/podman", "--runroot", f"{self.run}/podman", "--events-backend=none",
                *args]

    def load(self, image=None):
        image = image or self.image
        quiet(*self.usrct("pull", image))
        quiet(*self.podman("pull", "--quiet", "--tls-verify=false", image))

    def rootfs(self):
        bundle = f"{self.dir}/bundle"
        quiet("umoci", "unpack", "--rootless", "--image", f"{self.options.layout}:starter", bundle)
        return f"{bundle}/rootfs"

    def done(self):
        for argv in (self.podman("rm", "--all", "--force", "--time", "0"),
                     ["sh", "-c", "usr-ct ps -aq | xargs -r usr-ct rm -f"]):
            subprocess.run(argv, stdin=NULL, stdout=NULL, stderr=NULL, check=False)
        # Podman's pause process stays for ever, which is its way; this one was started here.
        for pid in processes():
            try:
                with open(f"/proc/{pid}/comm", encoding="utf-8") as f:
                    if f.read().strip() in ("catatonit", "podman pause"):
                        os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        for path in (self.dir, self.run):
            # Layers belong to subordinate ids.
            subprocess.run(["unshare", "--map-auto", "--map-root-user", "rm", "-rf", path],
                           stdin=NULL, stderr=NULL, check=False)
            shutil.rmtree(path, ignore_errors=True)


def pss_kb(names):
    """What processes of these names use, shared pages divided; None if it may not be read."""
    total = found = 0
    for pid in processes():
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as f:
                if not f.read().strip().startswith(names):
                    continue
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                total += next(int(line.split()[1]) for line in f if line.startswith("Pss:"))
            found += 1
        except (OSError, StopIteration):
            continue
    return total if found else None


def bench_start(place, options):
    place.load()
    rootfs = place.rootfs()
    bubblewrap = ["bwrap", "--unshare-all", "--unshare-user", "--uid", "0", "--gid", "0",
                  "--hostname", "box", "--bind", rootfs, "/", "--proc", "/proc", "--dev", "/dev",
                  "--tmpfs", "/tmp", "--chdir", "/", "--clearenv", "--setenv", "PATH", "/bin",
                  "true"]
    compare("start: run --rm --network none IMAGE true", [
        Contender("usr-ct", place.usrct("run", "--rm", "--network", "none", place.image, "true")),
        Contender("podman", place.podman("run", "--rm", "--network", "none", place.image, "true")),
        Contender("bubblewrap", bubblewrap),
    ], options.rounds, "bubblewrap has the same namespaces, but one id, no overlay, no seccomp")
    if not options.no_network:
        compare("start with slirp4netns", [
            Contender("usr-ct", place.usrct("run", "--rm", "--network", "private:slirp4netns",
                                            place.image, "true")),
            Contender("podman", place.podman("run", "--rm", "--network", "slirp4netns",
                                             place.image, "true")),
        ], options.rounds)
    print("\nmemory of what watches an idle container (PSS)")
    for name, run, names in (
            ("usr-ct", place.usrct, ("usr-ct-monito",)), ("podman", place.podman, ("conmon",))):
        for count in (1, 10):
            idle = [f"idle{i}" for i in range(count)]
            for one in idle:
                quiet(*run("run", "-d", "--name", one, "--network", "none", place.image,
                           "sleep", "1000"))
            time.sleep(IDLE_S)
            kb = pss_kb(names)
            text = "not readable" if kb is None else f"{kb // count} KB for each of {count}"
            print(f"  {name:<14}{text} ({', '.join(names)})")
            quiet(*run("rm", "-f", *idle))
    kb = pss_kb(("usr-ct-hold",))
    if kb is not None:
        print(f"  {'usr-ct':<14}{kb} KB (usr-ct-hold, once for each user)")


def bench_ps(place, options):
    place.load()
    for n in range(options.containers):
        quiet(*place.usrct("create", "--name", f"c{n}", "--network", "none", place.image, "true"))
        quiet(*place.podman("create", "--name", f"c{n}", "--network", "none", place.image, "true"))
    for words in (["ps"], ["ps", "-a"]):
        compare(f"{' '.join(words)} with {options.containers} containers", [
            Contender("usr-ct", place.usrct(*words)),
            Contender("podman", place.podman(*words)),
        ], options.rounds)


def bench_volumes(place, options):
    for n in range(options.volumes):
        quiet(*place.usrct("volume", "create", f"v{n}"))
        quiet(*place.podman("volume", "create", f"v{n}"))
    compare(f"volume ls with {options.volumes} volumes", [
        Contender("usr-ct", place.usrct("volume", "ls")),
        Contender("podman", place.podman("volume", "ls")),
    ], options.rounds)


class Memory:
    """The most that processes of these names had in memory at one moment. Shared pages are counted
    for each of them, so it is too much rather than too little."""

    def __init__(self, names):
        self.names, self.peak_kb, self.who, self.ended = names, 0, "", False
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while not self.ended:
            now = {}
            for pid in processes():
                try:
                    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
                        fields = dict(line.split(":", 1) for line in f)
                except OSError:
                    continue
                name = fields["Name"].strip()
                if name.startswith(self.names) and "VmRSS" in fields:
                    now[name] = now.get(name, 0) + int(fields["VmRSS"].split()[0])
            if sum(now.values()) > self.peak_kb:
                self.peak_kb = sum(now.values())
                self.who = ", ".join(f"{n} {kb >> 10}" for n, kb in sorted(now.items()))
            time.sleep(0.005)

    def end(self):
        self.ended = True
        self.thread.join()


def bench_images(place, options):
    """Many images, and a pull of one that is here already."""
    place.load()
    root = f"{place.dir}/root.tar"
    quiet("tar", "-cf", root, "-C", place.dir, "--files-from", "/dev/null")
    names = [f"many:{n}" for n in range(options.images)]
    for name in names:
        quiet(*place.usrct("import", "-c", f"LABEL name={name}", root, name))
    quiet(*place.usrct("save", "-o", f"{place.dir}/all.tar", *names))
    quiet(*place.podman("load", "--quiet", "-i", f"{place.dir}/all.tar"))
    compare(f"images with {options.images} images", [
        Contender("usr-ct", place.usrct("images")),
        Contender("podman", place.podman("images")),
    ], min(options.rounds, 3), "podman reads each image's files, which takes many seconds")
    compare("pull of an image that is here as the registry has it", [
        Contender("usr-ct", place.usrct("pull", "--quiet", place.image)),
        Contender("podman", place.podman("pull", "--quiet", "--tls-verify=false", place.image)),
        Contender("skopeo", ["skopeo", "inspect", "--raw", "--tls-verify=false",
                             f"docker://{place.image}"]),
    ], options.rounds, "skopeo only asks for the manifest")


def bench_pull(place, options):
    """Each pull goes to a directory of its own. In memory that is removed after each turn; on a disk
    at the end, since removing makes ext4 slow for whoever comes next."""
    space = tempfile.mkdtemp(prefix="uctb.", dir=options.space or place.dir)
    is_memory = quiet("stat", "-f", "-c", "%T", space) == "tmpfs"
    big = options.image == "big"

    def remove(name):
        def do(turn):
            if is_memory:
                subprocess.run(["unshare", "--map-auto", "--map-root-user", "rm", "-rf",
                                f"{space}/{name}.{turn}"], stdin=NULL, check=False)
        return do

    def usrct(driver, name, image):
        return lambda turn: ["env", f"XDG_DATA_HOME={space}/{name}.{turn}",
                             f"USRCT_STORAGE_DRIVER={driver}", "usr-ct", "pull", "-q", image]

    def podman(image):
        return lambda turn: ["podman", "--cgroup-manager=cgroupfs", "--events-backend=none",
                             "--storage-driver=overlay", "--root", f"{space}/podman.{turn}",
                             "--runroot", f"{place.run}/podman", "pull", "--quiet",
                             "--tls-verify=false", image]

    def umoci(image):
        return lambda turn: ["sh", "-c", f"skopeo copy -q --src-tls-verify=false docker://{image} "
                             f"oci:{space}/umoci.{turn}:i && umoci unpack --rootless --image "
                             f"{space}/umoci.{turn}:i {space}/umoci.{turn}/bundle >/dev/null"]

    try:
        for kind in ("gzip", "zstd") if big else ("",):
            image = f"{options.registry}/{options.image}" + (f":{kind}" if big else "")
            contenders = [
                Contender("objects", usrct("objects", "objects", image), after=remove("objects")),
                Contender("plain", usrct("plain", "plain", image), after=remove("plain")),
                Contender("podman", podman(image), after=remove("podman"))]
            if kind != "zstd": # which umoci 0.4 does not know
                contenders.append(Contender("skopeo+umoci", umoci(image), after=remove("umoci")))
            compare(f"pull {options.image} {kind} from a registry on loopback into a fresh store "
                    f"({'in memory' if is_memory else 'on disk'})", contenders, options.rounds)
            for n, driver in enumerate(("objects", "plain")):
                memory = Memory(("usr-ct",))
                contenders[n].once(1000, None)
                memory.end()
                print(f"  {driver}: at most {memory.peak_kb >> 10} MB in all our processes"
                      f" ({memory.who})")
            if not is_memory:
                space = tempfile.mkdtemp(prefix="uctb.", dir=options.space or place.dir)
    finally:
        for path in glob.glob(f"{options.space or place.dir}/uctb.*"):
            subprocess.run(["unshare", "--map-auto", "--map-root-user", "rm", "-rf", path],
                           stdin=NULL, stderr=NULL, check=False)


def bench_stream(place, options):
    place.load()
    size = options.megabytes << 20

    def zeros():
        return subprocess.Popen(["head", "-c", str(size), "/dev/zero"],
                                stdout=subprocess.PIPE).stdout

    def run(of):
        return of("run", "--rm", "-i", "--network", "none", place.image, "cat")

    contenders = [Contender("usr-ct", run(place.usrct), stdin=zeros, stdout=subprocess.PIPE),
                  Contender("podman", run(place.podman), stdin=zeros, stdout=subprocess.PIPE),
                  Contender("cat alone", ["cat"], stdin=zeros, stdout=subprocess.PIPE)]
    compare(f"stream {options.megabytes} MB through run -i IMAGE cat", contenders, options.rounds)
    for c in contenders:
        seconds = statistics.median(s.wall_ms for s in c.samples) / 1000
        print(f"  {c.name:<14}{options.megabytes / seconds:>10.0f} MB/s")


def bench_parallel(place, options):
    place.load()
    count = options.parallel

    def many(of):
        run = " ".join(of("run", "--rm", "--network", "none", place.image, "true"))
        return ["sh", "-c", f"seq {count} | xargs -P {count} -I@ {run} >/dev/null"]

    compare(f"{count} at the same time: run --rm --network none IMAGE true", [
        Contender("usr-ct", many(place.usrct)),
        Contender("podman", many(place.podman)),
    ], options.rounds)


def bench_exec(place, options):
    place.load()
    for of in (place.usrct, place.podman):
        quiet(*of("run", "-d", "--name", "target", "--network", "none", place.image, "sleep", "1000"))
    pid = quiet(*place.usrct("inspect", "--format", "{{.State.Pid}}", "target"))
    compare("exec CONTAINER true", [
        Contender("usr-ct", place.usrct("exec", "target", "true")),
        Contender("nsenter", ["nsenter", "-t", pid, "-U", "-m", "-u", "-i", "-n", "-p", "-C",
                              "/bin/true"]),
        Contender("podman", place.podman("exec", "target", "true")),
    ], options.rounds, "nsenter enters the same namespaces: no cgroup, no filter, no terminal, no user")


def bench_stop(place, options):
    place.load()

    def start(of):
        return lambda turn: quiet(*of("run", "-d", "--name", "target", "--network", "none", "--init",
                                      place.image, "sleep", "1000"))

    def remove(of):
        return lambda turn: quiet(*of("rm", "target"))

    compare("stop a container that ends at the first signal", [
        Contender("usr-ct", place.usrct("stop", "target"), start(place.usrct), remove(place.usrct)),
        Contender("podman", place.podman("stop", "target"), start(place.podman), remove(place.podman)),
    ], options.rounds)
    late_ms = []
    for turn in range(options.rounds):
        start(place.usrct)(turn)
        subprocess.run(place.usrct("stop", "target"), stdin=NULL, stdout=NULL, check=True)
        now = time.time()
        # Said by its monitor, in UTC with nanoseconds; what comes after it is ours.
        text = quiet(*place.usrct("inspect", "--format", "{{.State.FinishedAt}}", "target"))
        whole, _, rest = text.rstrip("Z").partition(".")
        at = calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + (rest or "0"))
        late_ms.append((now - at) * 1000)
        remove(place.usrct)(turn)
    print(f"  usr-ct returned {statistics.median(late_ms):.1f} ms after the program's end (median; "
          f"best {min(late_ms):.1f})")


def bench_log(place, options):
    place.load()
    size = options.megabytes << 20
    # Lines as programs write them; a hundred bytes and a newline.
    program = f"yes {'x' * 100} | head -c {size}"

    def of(tool, *rotation):
        return tool("run", "--rm", "--network", "none", *rotation, place.image, "sh", "-c", program)

    contenders = [
        Contender("usr-ct", of(place.usrct, "--log-opt", "max-size=10m", "--log-opt", "max-file=3")),
        Contender("podman", of(place.podman, "--log-driver", "k8s-file", "--log-opt", "max-size=10m")),
    ]
    compare(f"{options.megabytes} MB of lines into the log, with rotation", contenders, options.rounds)
    for c in contenders:
        seconds = statistics.median(s.wall_ms for s in c.samples) / 1000
        print(f"  {c.name:<14}{options.megabytes / 1024 * 60 / seconds:>10.1f} GB/min")


def disk_bytes(path):
    return int(quiet("unshare", "--map-auto", "--map-root-user", "du", "-sB1", path).split()[0])


def bench_objects(place, options):
    """First runs under an id map of their own, starts from a tree that is there, and disk."""
    layout = f"{place.dir}/layout"
    quiet("python3", os.path.join(os.path.dirname(os.path.abspath(__file__)), "many-files.py"),
          options.layout, "starter", layout, str(options.files), str(10 << 20))
    plain = {"XDG_DATA_HOME": f"{place.dir}/plain", "USRCT_STORAGE_DRIVER": "plain"}
    data = os.environ["XDG_DATA_HOME"]
    for image in ("one", "two"):
        for name, env, path in (("objects", {}, data), ("plain", plain, plain["XDG_DATA_HOME"])):
            os.makedirs(path, exist_ok=True)
            before = disk_bytes(path)
            quiet(*place.usrct("pull", f"oci:{layout}:{image}"), env=env)
            print(f"  {name}: image {image} takes {(disk_bytes(path) - before) / 1e6:.2f} MB")
    quiet(*place.podman("pull", "--quiet", f"oci:{layout}:one"))
    podman_image = quiet(*place.podman("images", "--quiet")).split()[0]
    of_plain = ["env", *(f"{k}={v}" for k, v in plain.items())]
    run = ("run", "--rm", "--network", "none")

    def mapped(tool, image):
        return lambda turn: tool(*run, f"--userns=keep-id:uid={2000 + turn}", image, "true")

    start = disk_bytes(data), disk_bytes(f"{place.dir}/podman")
    compare(f"first run of {options.files} files under an id map of its own", [
        Contender("usr-ct", mapped(place.usrct, "one")),
        Contender("plain, no map", [*of_plain, *place.usrct(*run, "one", "true")]),
        Contender("podman", mapped(place.podman, podman_image)),
    ], options.rounds)
    for name, path, old in (("usr-ct", data, start[0]), ("podman", f"{place.dir}/podman", start[1])):
        more = (disk_bytes(path) - old) / (options.rounds + 1)
        print(f"  {name}: {more / options.files:.0f} bytes a file and map")
    compare("start from a tree that is there", [
        Contender("objects", place.usrct(*run, "one", "true")),
        Contender("plain", [*of_plain, *place.usrct(*run, "one", "true")]),
    ], options.rounds * 3)


def main():
    benches = {"objects": (bench_objects, 5), "volumes": (bench_volumes, 20),
               "images": (bench_images, 20),
               "start": (bench_start, 20), "ps": (bench_ps, 20), "pull": (bench_pull, 3),
               "stream": (bench_stream, 3), "parallel": (bench_parallel, 5),
               "exec": (bench_exec, 20), "stop": (bench_stop, 20), "log": (bench_log, 3)}
    p = argparse.ArgumentParser(prog="tests/bench/" + (sys.argv[1] if len(sys.argv) > 1 else ""),
                                description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("what", choices=benches, help=argparse.SUPPRESS)
    p.add_argument("--registry", help=argparse.SUPPRESS)
    p.add_argument("--layout", help=argparse.SUPPRESS)
    p.add_argument("--rounds", type=int, help="turns that each program takes")
    p.add_argument("--place", default="/var/tmp", metavar="DIR",
                   help="where the stores of all lie (/var/tmp)")
    p.add_argument("--containers", type=int, default=100, help="ps: how many (100)")
    p.add_argument("--volumes", type=int, default=1000, help="volumes: how many (1000)")
    p.add_argument("--images", type=int, default=500, help="images: how many (500)")
    p.add_argument("--image", default="big",
                   help="pull: big (800 MB of this machine's /usr, as gzip and as zstd), one (the same "
                        "in one layer), starter, or debian if the tests made one")
    p.add_argument("--space", help=argparse.SUPPRESS)
    p.add_argument("--megabytes", type=int, default=1024, help="stream, log: how much (1024)")
    p.add_argument("--parallel", type=int, default=50, help="parallel: how many (50)")
    p.add_argument("--files", type=int, default=20000, help="maps, objects: of the image (20000)")
    p.add_argument("--no-network", action="store_true", help="start: only --network none")
    options = p.parse_args()
    bench, rounds = benches[options.what]
    options.rounds = options.rounds or rounds
    print(json.dumps({"kernel": os.uname().release, "processors": os.cpu_count(),
                      "load": os.getloadavg()[0]}))
    place = Place(options)
    try:
        bench(place, options)
    finally:
        place.done()


main()
