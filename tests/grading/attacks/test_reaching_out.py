"""Attempts to read or to write what is outside of the box, all in one notebook: each cell tells what it reached."""

import os
import socket
from pathlib import Path

import pytest

from tests.grading.attacks.ground import code, job_of, right
from utils.grading.classroom.judging import judge_notebook
from utils.grading.notebooks import course_root, notebook_path

# Of what is planted outside; put together so that the cells themselves do not hold it.
SECRET = "t0p-" + "s3cret-4711"
PREFIX = "import glob, os, sys\nSECRET = 't0p-' + 's3cret-4711'\nloot = []\n"
SUFFIX = "\nraise RuntimeError(f'reached {loot!r}'[:900] if loot else 'nothing')"

READ = {
    "the secret in the environment": "loot = [name for name, value in os.environ.items() if SECRET in value]",
    "other processes' environments": """
        for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/task/*/environ"):
            try:
                loot += [path] if SECRET.encode() in open(path, "rb").read() else []
            except OSError:
                pass
        """,
    "other processes' command lines": """
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                line = open(path, "rb").read()
                loot += [path] if b"pytest" in line or b"worker" in line else []
            except OSError:
                pass
        """,
    "other processes' memory": """
        for pid in {1, os.getppid(), *(int(p[6:]) for p in glob.glob("/proc/[0-9]*"))} - {os.getpid()}:
            try:
                with open(f"/proc/{pid}/mem", "rb") as memory:
                    memory.seek(4096)
                    loot.append(memory.read(8))
            except OSError:
                pass
        """,
    "other processes by ptrace": """
        import ctypes
        for pid in range(1, 400):
            if pid != os.getpid() and ctypes.CDLL(None).ptrace(16, pid, 0, 0) == 0:
                loot.append(pid)
        """,
    "another process's root": """
        for path in ["/proc/1/root", f"/proc/{os.getppid()}/root", "/proc/1/cwd", "/proc/self/root/.."]:
            try:
                loot += [path] if os.path.exists(path + <planted>) or "home" in os.listdir(path) else []
            except OSError:
                pass
        """,
    "the planted file": "loot += [open(<planted>).read()]",
    "the gradebook": "loot += [open(<gradebook>, 'rb').read()]",
    "another student": "loot += os.listdir(<student>)",
    "the secret of the grading": "loot += [open(<key>).read()]",
    "links out of the box": """
        os.symlink(<planted>, "/box/link")
        loot += [open("/box/link").read()]
        """,
    "hard links out of the box": """
        os.link(<planted>, "/box/hard")
        loot += [open("/box/hard").read()]
        """,
    "up and out": "loot += [open('../' * 40 + <planted>[1:]).read()]",
    "the week notebooks": "loot += [open(<notebook>).read()[:80]]",
    "the answers as a module": "import utils.answers.week1.w1l2 as answers\nloot += dir(answers)",
    "the judge as a module": "import utils.grading.judge as judge\nloot += dir(judge)",
    "the gate as a module": "import utils.gate\nloot += dir(utils.gate)",
    "the installed course": """
        import importlib.metadata as metadata
        for file in metadata.files("convnet-course") or ():
            if "answers" in str(file) and os.path.exists(file.locate()):
                loot.append(str(file))
        """,
    "the editable course": """
        for finder in list(sys.meta_path):
            for place in getattr(sys.modules.get(getattr(finder, "__module__", "")), "MAPPING", {}).values():
                loot += [place] if os.path.exists(place + "/answers") else []
        """,
    "answers anywhere on the disk": """
        for folder, folders, files in os.walk("/", followlinks=False):
            if folder.startswith(("/proc", "/sys")):
                folders.clear()
            elif "utils/answers" in folder or any(f.endswith(".ipynb") and "/week" in folder for f in files):
                loot.append(folder)
        """,
    "what was taken out, as source": """
        import utils.layers.shapes as shapes
        text = open(shapes.__file__).read()
        body = text.partition("def conv_output_length")[2].partition("\\ndef ")[0]
        loot += [body] if "stride" in body.partition("):")[2] else []
        """,
    "what was taken out, compiled": """
        import marshal
        for path in glob.glob("/course/utils/layers/__pycache__/shapes*.pyc"):
            module = marshal.loads(open(path, "rb").read()[16:])
            for inner in module.co_consts:
                if getattr(inner, "co_name", "") == "conv_output_length" and "withheld" not in inner.co_names:
                    loot.append(inner.co_names)
        """,
    "what was taken out, by reloading": """
        import importlib, utils.layers
        utils.layers = importlib.reload(utils.layers)
        loot += [utils.layers.conv_output_length(9, 3, 0, 1)]
        """,
    "what was taken out, by the garbage collector": """
        import gc, types
        for thing in gc.get_objects():
            if isinstance(thing, types.FunctionType) and thing.__name__ == "conv_output_length":
                loot += [] if "withheld" in thing.__code__.co_names else [thing]
        """,
    "hidden packages": """
        for name in ("scipy.signal", "tensorflow", "keras", "cv2", "torch", "jax"):
            try:
                loot.append(__import__(name))
            except ImportError:
                pass
        """,
    "descriptors that were left open": """
        for name in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd") else []:
            try:
                target = os.readlink(f"/proc/self/fd/{name}")
            except OSError:
                continue
            loot += [] if target.startswith(("pipe:", "/dev/null", "/proc")) else [target]
        """,
    "the system's secrets": """
        for path in ("/etc/shadow", "/home", "/var", "/run", "/sys", "/etc/passwd", "/var/run/docker.sock"):
            try:
                loot += [path] if (os.listdir(path) if os.path.isdir(path) else open(path).read()) else []
            except OSError:
                pass
        """,
    "devices": "loot = [name for name in os.listdir('/dev') if name in ('sda', 'vda', 'mem', 'kmem', 'kmsg', 'fuse')]",
    "a listener on this machine": """
        import socket
        for host in ("127.0.0.1", "::1", "0.0.0.0"):
            try:
                loot.append(socket.create_connection((host, <port>), timeout=1))
            except OSError:
                pass
        """,
    "a Unix socket": """
        import socket
        for place in (<socket>, "\\0" + <abstract>):
            try:
                line = socket.socket(socket.AF_UNIX)
                line.connect(place)
                loot.append(place)
            except OSError:
                pass
        """,
    "names and the world": """
        import socket
        for attempt in (lambda: socket.getaddrinfo("example.org", 80),
                        lambda: socket.create_connection(("192.0.2.1", 80), timeout=1),
                        lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53)),
                        lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)):
            try:
                loot.append(attempt())
            except OSError:
                pass
        """,
    "interfaces": "import socket\nloot = [name for _, name in socket.if_nameindex() if name != 'lo']",
}
WRITTEN = {
    "the course": ["/course/utils/layers/conv.py", "/course/utils/new.py", "/course/data/new", "/course/new"],
    "the system": ["/usr/new", "/etc/new", "/usr/bin/python3", "/new", "/root/new", "/home/new", "/var/new"],
    "devices and the kernel": [
        "/dev/new",
        "/proc/sys/kernel/hostname",
        "/proc/sys/kernel/core_pattern",
        "/proc/sysrq-trigger",
        "/sys/new",
        "/sys/fs/cgroup/new",
    ],
}
ESCAPES = {
    "a file outside": "open(<planted>, 'w').write('x')\nloot = ['wrote']",
    "the gradebook": "import sqlite3\nsqlite3.connect(<gradebook>).execute('create table t (x)')\nloot = ['wrote']",
    "Python's packages": """
        import site
        for folder in [*site.getsitepackages(), sys.prefix, sys.base_prefix, os.path.dirname(os.__file__)]:
            try:
                open(folder + "/sitecustomize.py", "w").write("")
                loot.append(folder)
            except OSError:
                pass
        """,
    "a user namespace": """
        import ctypes
        for flags in (0x10000000, 0x10000000 | 0x20000, 0x20000):
            if ctypes.CDLL(None, use_errno=True).unshare(flags) == 0:
                loot.append(hex(flags))
        """,
    "mounts": """
        import ctypes
        libc = ctypes.CDLL(None)
        for source, target, kind, flags in ((b"none", b"/tmp", b"tmpfs", 0), (b"proc", b"/proc", b"proc", 0),
                                            (b"/", b"/box", None, 4096), (b"none", b"/course/utils", None, 32),
                                            (b"none", b"/course/utils", None, 4096 | 32), (b"none", b"/", None, 32)):
            if libc.mount(source, target, kind, flags, None) == 0:
                loot.append((target, flags))
        for target in (b"/course/utils", b"/proc", b"/tmp", b"/dev"):
            if libc.umount2(target, 2) == 0:
                loot.append(target)
        """,
    "another root": """
        for attempt in (lambda: os.chroot("/tmp"), lambda: os.setuid(0), lambda: os.setgid(0),
                        lambda: os.mknod("/tmp/disk", 0o060666, os.makedev(254, 0)),
                        lambda: os.chown("/course/utils", 0, 0), lambda: os.chmod("/course/utils", 0o777)):
            try:
                before = os.getuid()
                attempt()
                loot += [attempt] if os.getuid() == 0 != before else []
                loot += ["disk"] if os.path.exists("/tmp/disk") else []
            except OSError:
                pass
        """,
    "capabilities": """
        import ctypes
        header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        assert ctypes.CDLL(None).capget(header, data) == 0
        loot = [hex(value) for value in data if value]
        """,
    "new privileges": "import ctypes\nloot = [] if ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) == 1 else ['may gain']",
    "higher limits": """
        import resource
        for kind in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
            try:
                resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
                loot.append(kind)
            except (OSError, ValueError):
                pass
        """,
    "priority": """
        try:
            os.setpriority(os.PRIO_PROCESS, 0, -20)
            loot = ["first"]
        except OSError:
            pass
        """,
}


def _cells(planted: dict) -> dict[str, str]:
    bank = {f"reads {name}": text for name, text in READ.items()}
    bank |= {f"escapes to {name}": text for name, text in ESCAPES.items()}
    for name, paths in WRITTEN.items():
        bank[f"writes to {name}"] = (
            f"for path in {paths!r}:\n    try:\n        open(path, 'a').write('x')\n        loot.append(path)\n"
            "    except OSError:\n        pass"
        )
    return {name: PREFIX + code(text, **planted) + SUFFIX for name, text in bank.items()}


NAMES = list(_cells({}))


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """Plant what a box must not reach, judge all attempts in one notebook, and give what each says."""
    folder = tmp_path_factory.mktemp("outside")
    places = {
        "planted": folder / "planted",
        "gradebook": folder / "gradebook.db",
        "key": folder / ".grading" / "secret",
        "student": folder / "alice",
        "notebook": notebook_path("w1l2"),
        "socket": folder / "s",
        "abstract": f"course-test-{os.getpid()}",
    }
    (folder / ".grading").mkdir()
    (folder / "alice").mkdir()
    for name in ("planted", "gradebook", "key"):
        places[name].write_text(SECRET)
    (folder / "alice" / "notebook.ipynb").write_text(SECRET)
    listeners = [
        socket.create_server(("127.0.0.1", 0)),
        socket.socket(socket.AF_UNIX),
        socket.socket(socket.AF_UNIX),
    ]
    listeners[1].bind(str(places["socket"]))
    listeners[2].bind("\0" + places["abstract"])
    for one in listeners:
        one.listen()
        one.setblocking(False)
    os.environ["COURSE_TEST_SECRET"] = SECRET
    try:
        cells = _cells({**places, "port": listeners[0].getsockname()[1]})
        job = job_of(right("w1l2", "zero_pad"), tuple(cells.values()))
        result = judge_notebook(job)
        said = dict(result.failed_cells)
        yield (
            places,
            {name: said.get(f"own-{i}", "ran through") for i, name in enumerate(cells)},
            result,
            listeners,
        )
    finally:
        del os.environ["COURSE_TEST_SECRET"]
        for one in listeners:
            one.close()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_reached(name, outside):
    _, said, *_ = outside
    what = said[name]
    harmless = (
        "RuntimeError: nothing",
        "FileNotFoundError",
        "PermissionError",
        "ModuleNotFoundError",
        "OSError",
        "Withheld",
        "OperationalError",
        "ImportError",
        "NotADirectoryError",
        "PackageNotFoundError",
        "AttributeError: module 'ctypes'",
    )
    assert what.startswith(harmless), what
    assert SECRET not in what


def test_what_lies_outside_is_as_it_was(outside):
    places, _, _, listeners = outside
    for name in ("planted", "gradebook", "key"):
        assert places[name].read_text() == SECRET
    assert sorted(path.name for path in places["planted"].parent.iterdir()) == sorted(
        [".grading", "alice", "gradebook.db", "planted", "s"]
    )
    for path in ("/new", "/usr/new", "/etc/new", "/root/new", "/home/new", "/var/new", "/dev/new"):
        assert not Path(path).exists()
    root = course_root()
    assert not any((root / place).exists() for place in ("utils/new.py", "data/new", "new"))
    assert "withheld" not in (root / "utils/layers/shapes.py").read_text()
    for one in listeners:
        with pytest.raises(BlockingIOError):
            one.accept()


def test_whoever_tries_waits_for_a_teacher(outside):
    """The attempts are in the text, so that even a right answer gets no points before somebody has looked."""
    *_, result, _ = outside
    assert {(row.status, row.points) for row in result.exercises} == {("flagged", 0.0)}


def test_files_of_one_box_are_not_in_the_next():
    write = "import os\nfor f in ('/tmp', '/box', '/dev/shm'):\n    open(f + '/mine', 'w').write('x')"
    look = (
        "import os\nfound = [f for f in ('/tmp', '/box', '/dev/shm') if os.path.exists(f + '/mine')]\n"
        "raise RuntimeError(found)"
    )
    assert dict(judge_notebook(job_of("zero_pad = None", (write,))).failed_cells) == {}
    failed = dict(judge_notebook(job_of("zero_pad = None", (look,))).failed_cells)
    assert failed["own-0"] == "RuntimeError: []"
