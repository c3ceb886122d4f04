"""The command line of one box: what is in it and what is not (bubblewrap, https://github.com/containers/bubblewrap)."""

import shutil
import site
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from utils.exercises.boxed import warm
from utils.exercises.boxed.warm import COPIES, COURSE, WORK
from utils.grading.classroom.records import Limits
from utils.grading.sandbox.copies import absent_package

MISSING = (
    "Grading runs students' code in a sandbox, and bubblewrap, which makes it, is not installed. On Debian and Ubuntu: "
    "sudo apt install bubblewrap. On Fedora: sudo dnf install bubblewrap. It needs Linux; elsewhere use a virtual "
    "machine or a container. --unsafe grades without a sandbox: then students' code can read and change everything "
    "that you can."
)
HOME = "/tmp"
# Two boxes side by side on two cores: threads of one would only take the other's time.
_ENVIRONMENT = {
    "HOME": HOME,
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "IPYTHONDIR": f"{HOME}/ipython",
    "MPLCONFIGDIR": f"{HOME}/matplotlib",
    "MPLBACKEND": "agg",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "TQDM_DISABLE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "CUDA_VISIBLE_DEVICES": "-1",
    "KERAS_BACKEND": "tensorflow",
}


class NoSandbox(RuntimeError):
    """No box can be made here; the message says how to change that."""


def find_bubblewrap() -> str:
    """Return the program's path.

    Raises
    ------
    NoSandbox
        When it is not installed; the message says how to install it.
    """
    found = shutil.which("bwrap")
    if not found:
        raise NoSandbox(MISSING)
    return found


def environment() -> dict[str, str]:
    """Return the environment variables of a box: all of them, nothing of the grader's own."""
    return dict(_ENVIRONMENT)


def box_command(copy: Path, data: Path, limits: Limits, hidden: Iterable[str] = ()) -> list[str]:
    """Return the command that starts the serving process in a new box.

    The box has no network, sees no process but its own, and its files are: the system's and Python's, read-only; the
    course's public files, read-only; and two empty folders in memory, ``/tmp`` and ``/box``, that vanish with it.

    Parameters
    ----------
    copy : Path
        Folder that holds the ``utils`` of the box.
    data : Path
        The course's data.
    limits : Limits
        Memory and file sizes a process; the tree's are watched from outside.
    hidden : iterable of str
        Packages that are installed here and must not be there.
    """
    return [
        *_walls(limits.file_mb),
        *_hide(hidden),
        *("--ro-bind", str(copy / "utils"), f"{COURSE}/utils", "--ro-bind", str(data), f"{COURSE}/data"),
        *_inside(),
        *limit_command(limits),
        *python_command(serve_from(Path(COURSE))),
    ]


def parent_command(modules: Iterable[str], hidden: Iterable[str], copies: Path, data: Path) -> list[str]:
    """Return the command that starts a warm parent (:mod:`utils.exercises.boxed.warm`) in a box of its own.

    Parameters
    ----------
    modules : iterable of str
        What it imports.
    hidden : iterable of str
        Packages that are installed here and must not be there.
    copies : Path
        Folder of all copies of ``utils``.
    data : Path
        The course's data.
    """
    return [
        *_walls(1, nested=True),
        *_hide(hidden),
        *("--dir", f"{COURSE}/utils", "--ro-bind", str(data), f"{COURSE}/data"),
        *("--ro-bind", str(copies), COPIES),
        *("--ro-bind", str(Path(warm.__file__).resolve()), f"{COURSE}/warm.py"),
        *_inside(),
        sys.executable,
        *("-P", "-s", f"{COURSE}/warm.py", *modules),
    ]


def _walls(megabytes: int, nested: bool = False) -> list[str]:
    """Return the beginning of every box's command: no network, own processes, no rights, read-only system."""
    return [
        find_bubblewrap(),
        *("--unshare-all", "--die-with-parent", "--new-session", "--clearenv"),
        *("--uid", "65534", "--gid", "65534", "--cap-drop", "ALL", "--hostname", "box"),
        *(() if nested or not _can_forbid_nesting() else ("--unshare-user", "--disable-userns")),
        *_system(),
        *("--proc", "/proc", "--dev", "/dev"),
        *_empty_folders(megabytes),
        # After the empty folders: a Python that is installed below one of them would be hidden by it.
        *_python(),
    ]


def _empty_folders(megabytes: int) -> list[str]:
    size = str(megabytes << 20)
    return [part for folder in ("/tmp", WORK, "/dev/shm") for part in ("--size", size, "--tmpfs", folder)]


def _inside() -> list[str]:
    """Return the end of every box's options: nothing can be added, and the environment is ours."""
    return [
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", WORK),
        *(part for name, value in environment().items() for part in ("--setenv", name, value)),
        "--",
    ]


@cache
def _can_forbid_nesting() -> bool:
    """Tell whether this bubblewrap can forbid namespaces inside its box (from version 0.8 on)."""
    said = subprocess.run([find_bubblewrap(), "--help"], capture_output=True, text=True, check=False)
    return "--disable-userns" in said.stdout + said.stderr


def serve_from(folder: Path) -> str:
    """Return the code that serves with the ``utils`` of a folder."""
    return f"import sys; sys.path.insert(0, {str(folder)!r}); from utils.exercises.boxed.serve import main; main()"


def limit_command(limits: Limits) -> list[str]:
    """Return the beginning of a command that limits each process of what follows (see ``man prlimit``)."""
    if not shutil.which("prlimit"):
        return []
    return [
        "prlimit",
        f"--as={limits.memory_mb << 20}",
        f"--nproc={limits.processes}",
        f"--fsize={limits.file_mb << 20}",
        "--core=0",
        "--",
    ]


def python_command(code: str) -> list[str]:
    """Return the command that runs code with this Python, without the folder it is started in on its path."""
    return [sys.executable, "-P", "-s", "-c", code]


def _system() -> list[str]:
    """Bind the system's programs and libraries, and of /etc only what these need."""
    parts = ["--ro-bind", "/usr", "/usr"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        folder = Path("/", name)
        if folder.is_symlink():
            parts += ["--symlink", str(folder.readlink()), str(folder)]
        elif folder.is_dir():
            parts += ["--ro-bind", str(folder), str(folder)]
    for name in ("ld.so.cache", "localtime", "fonts"):
        parts += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return parts


def _python() -> list[str]:
    """Bind this Python and its packages; a course that is installed among them is hidden."""
    parts: list[str] = []
    for folder in dict.fromkeys((sys.base_prefix, sys.prefix)):
        if not Path(folder).is_relative_to("/usr"):
            parts += ["--ro-bind", folder, folder]
    return parts + _hide(["utils"])


def _hide(packages: Iterable[str]) -> list[str]:
    """Lay a package that cannot be imported over packages where they are installed."""
    return [
        part
        for package in packages
        for folder in package_folders(package)
        for part in ("--ro-bind", str(absent_package()), str(folder))
    ]


def package_folders(package: str) -> list[Path]:
    """Return where a package is installed; none where it is not."""
    folders = (Path(folder, package) for folder in site.getsitepackages())
    return [folder for folder in folders if folder.is_dir()]
