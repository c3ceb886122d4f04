"""Where a run was taken: processor, memory, system, versions of everything that takes part."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

PACKAGES = ("numpy", "tensorflow-cpu", "tensorflow", "keras", "torch", "faiss-cpu", "jupyterlab", "nbgrader")


def describe_machine() -> dict[str, str]:
    """Return what the machine is: processor, its number, memory, system."""
    return {
        "processor": _processor(),
        "processors": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
    }


def describe_versions(root: Path) -> dict[str, str]:
    """Return the versions of Python, of the packages that are installed, of NumPy's BLAS, and the course's commit.

    Parameters
    ----------
    root : Path
        The course.
    """
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    versions["numpy's BLAS"] = f"{blas['name']} {blas['version']}"
    versions["course"] = _commit(root)
    return versions


def _processor() -> str:
    """Return the processor's name with the vector instructions that decide how fast matrix products are."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = {line.split(":")[0].strip(): line.split(":")[1].strip() for line in lines if ":" in line}
    flags = set(found.get("flags", "").split())
    vectors = next((name for name in ("avx512f", "avx2") if name in flags), "")
    return " ".join(filter(None, [found.get("model name", platform.machine()), vectors]))


def _commit(root: Path) -> str:
    """Return the commit, marked where a file has been changed since."""
    try:
        asked = ["git", "describe", "--always", "--dirty=, changed since", "--exclude=*"]
        return subprocess.run(asked, cwd=root, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
