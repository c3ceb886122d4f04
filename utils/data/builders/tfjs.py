"""Read the weights of a TensorFlow.js network: a JSON manifest that describes tensors, and the bytes beside it.

The form is that of TensorFlow.js' `WeightsManifestConfig`; quantised tensors mean value × scale + min.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.data.assets import AssetError

_DTYPES = {"float32": "<f4", "int32": "<i4", "uint8": "u1", "uint16": "<u2", "float16": "<f2", "bool": "?"}


@dataclass(frozen=True)
class TfjsTensor:
    """One tensor as it is stored.

    Attributes
    ----------
    values : ndarray
        Stored numbers, any shape; integers where the tensor is quantised.
    scale, offset : float or None
        The tensor is ``values * scale + offset``; both None where it is stored as it is.
    """

    values: np.ndarray
    scale: float | None = None
    offset: float | None = None

    def numbers(self) -> np.ndarray:
        """Return the tensor itself, float64."""
        values = self.values.astype(np.float64)
        return values if self.scale is None else values * self.scale + self.offset


def read_tfjs(manifest: Path, shards: Sequence[Path]) -> dict[str, TfjsTensor]:
    """Return all tensors of a manifest by name.

    Parameters
    ----------
    manifest : Path
        The JSON file: a list of groups, or an object that has it as ``weightsManifest``.
    shards : sequence of Path
        Files with the bytes, in the manifest's order.

    Raises
    ------
    AssetError
        When the manifest has another form, names an unknown dtype, or does not fit the bytes exactly.
    """
    try:
        groups = json.loads(manifest.read_text(encoding="utf-8"))
        groups = groups["weightsManifest"] if isinstance(groups, dict) else groups
        specifications = [spec for group in groups for spec in group["weights"]]
    except (ValueError, KeyError, TypeError) as error:
        raise AssetError(f"{manifest.name} is no manifest of TensorFlow.js weights: {error!r}") from error
    data = b"".join(path.read_bytes() for path in shards)
    tensors, start = {}, 0
    for spec in specifications:
        tensors[spec["name"]], start = _tensor(spec, data, start)
    if start != len(data):
        raise AssetError(f"{manifest.name} describes {start:,} bytes, its files hold {len(data):,}")
    return tensors


def _tensor(spec: dict, data: bytes, start: int) -> tuple[TfjsTensor, int]:
    """Take one tensor out of the bytes; return it and where the next begins."""
    packing = spec.get("quantization", {})
    kind = packing.get("dtype", spec["dtype"])
    if kind not in _DTYPES:
        raise AssetError(f"tensor {spec['name']} has the unknown dtype {kind!r}")
    dtype, count = np.dtype(_DTYPES[kind]), math.prod(spec["shape"])
    end = start + count * dtype.itemsize
    if end > len(data):
        raise AssetError(f"the bytes end inside tensor {spec['name']}")
    values = np.frombuffer(data, dtype, count, start).reshape(spec["shape"])
    return TfjsTensor(values, packing.get("scale"), packing.get("min")), end
