"""What the groups share: peers that need not be installed, and the bare multiplications as a limit."""

from importlib import import_module
from types import ModuleType

import numpy as np

from benchmarks.cases import Form, Missing

NOT_INSTALLED = "not installed; the extra `bench` brings it"
SGEMM = "its multiplications by sgemm"
SIDE = 768  # of the matrices; large enough for the full rate, small enough to be timed in every round


def optional(name: str) -> ModuleType | Missing:
    """Import a peer's library; where it is not installed, say how to get it.

    Parameters
    ----------
    name : str
        Of the module.
    """
    try:
        return import_module(name)
    except ImportError:
        return Missing(NOT_INSTALLED)


def torch_on(threads: int) -> ModuleType | Missing:
    """Return PyTorch, limited to so many threads."""
    torch = optional("torch")
    if not isinstance(torch, Missing):
        torch.set_num_threads(threads)
    return torch


def multiplications(count: float) -> Form:
    """Return so many multiplications and additions of float32 at the rate that the BLAS reaches on square matrices.

    It is as fast as this processor multiplies in practice: what a convolution by matrix products can come near to.

    Parameters
    ----------
    count : float
        Multiply-adds of the work.
    """
    left, right = np.random.default_rng(0).standard_normal((2, SIDE, SIDE), dtype=np.float32)
    out = np.empty_like(left)
    return Form(lambda: np.matmul(left, right, out=out), times=count / SIDE**3)
