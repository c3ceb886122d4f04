"""The environment in which forms are compared: so many threads, no accelerator, no chatter.

Libraries read it when they are loaded, so this is imported and called before them.
"""

import os


def limit_threads(count: int) -> None:
    """Let every library use so many threads; `numpy`, `tensorflow` and `torch` may not be imported yet.

    Parameters
    ----------
    count : int
        At least 1.
    """
    os.environ |= {
        "OMP_NUM_THREADS": str(count),
        "OPENBLAS_NUM_THREADS": str(count),
        "MKL_NUM_THREADS": str(count),
        "TF_NUM_INTRAOP_THREADS": str(count),
        "TF_NUM_INTEROP_THREADS": "1",
        # Waiting threads of one library would disturb the other.
        "OMP_WAIT_POLICY": "passive",
        "OPENBLAS_THREAD_TIMEOUT": "4",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "KERAS_BACKEND": "tensorflow",
    }
