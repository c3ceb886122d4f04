"""The fixed environment of every kernel, and the system programs that some tests need.

A notebook gives the same outputs on two machines only if both run it with the same number of threads, the same kernels
of TensorFlow and the same hash seed; so `course lab`, `course execute` and the tests all start kernels with this.
"""

import os
import shutil
import sys
from glob import glob

KERNEL_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",  # nbgrader gives 0 points to a cell that writes to stderr, log lines included
    "TF_ENABLE_ONEDNN_OPTS": "0",  # oneDNN rounds differently from processor to processor
    "TF_NUM_INTRAOP_THREADS": "2",
    "TF_NUM_INTEROP_THREADS": "2",
    "OMP_NUM_THREADS": "2",
    "OPENBLAS_NUM_THREADS": "2",
    "CUDA_VISIBLE_DEVICES": "-1",
    "PYTHONHASHSEED": "0",
}

# Program that is looked for (any of them), and the Debian package that brings it.
SYSTEM_PARTS = {
    "bubblewrap": ("bwrap",),
    "chromium": ("chromium", "chromium-browser", "google-chrome"),
    "postgresql": ("initdb",),
}
# Debian keeps the server's programs out of everybody's PATH.
_MORE_PROGRAMS = "/usr/lib/postgresql/*/bin"


def kernel_environment(*, progress_bars: bool) -> dict[str, str]:
    """Return the environment variables of a kernel: this process's own, with the fixed ones put over them.

    The programs installed beside this Python are found first, as in an activated environment: nbgrader calls some by
    name, and so do people in JupyterLab's terminal.

    Parameters
    ----------
    progress_bars : bool
        Whether tqdm may draw. Off where outputs are saved or compared, since a bar holds times.
    """
    fixed = KERNEL_ENVIRONMENT if progress_bars else {**KERNEL_ENVIRONMENT, "TQDM_DISABLE": "1"}
    programs = os.path.dirname(sys.executable)
    others = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder != programs]
    return {**os.environ, **fixed, "PATH": os.pathsep.join([programs, *others])}


def find_system_part(package: str) -> str | None:
    """Return the path of the program of a system package, or None where it is not installed.

    Parameters
    ----------
    package : {"bubblewrap", "chromium", "postgresql"}
        Name of the Debian package.
    """
    if package not in SYSTEM_PARTS:
        raise ValueError(f"package must be one of {', '.join(SYSTEM_PARTS)}, got {package!r}")
    folders = os.pathsep.join(
        [os.environ.get("PATH", os.defpath), *sorted(glob(_MORE_PROGRAMS), reverse=True)]
    )
    return next((path for name in SYSTEM_PARTS[package] if (path := shutil.which(name, path=folders))), None)


def in_ci() -> bool:
    """Tell whether continuous integration runs us: there, a missing system part is a failure, not a skip."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")
