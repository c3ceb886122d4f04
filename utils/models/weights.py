"""Put named weights into a Keras model, completely or not at all."""

from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from utils.data.arrays import read_arrays
from utils.data.assets import load_asset
from utils.data.compact import unpack_kernels


def assign_weights(model: keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    """Assign weights named ``"<layer>/<variable>"``.

    Parameters
    ----------
    model : keras.Model
        Every variable of its layers must be named in ``weights``.
    weights : mapping of str to ndarray
        Each of its variable's shape; names that the model lacks are an error too.

    Raises
    ------
    ValueError
        When a name is missing, left over, or a shape differs; nothing is assigned then.
    """
    variables = {
        f"{layer.name}/{variable.name}": variable for layer in model.layers for variable in layer.weights
    }
    missing, left = sorted(set(variables) - set(weights)), sorted(set(weights) - set(variables))
    if missing or left:
        raise ValueError(f"weights do not fit {model.name}: missing {missing[:3]}, left over {left[:3]}")
    for name, variable in variables.items():
        if tuple(variable.shape) != weights[name].shape:
            raise ValueError(
                f"weights do not fit {model.name}: {name} has shape {weights[name].shape}, "
                f"wanted {tuple(variable.shape)}"
            )
    for name, variable in variables.items():
        variable.assign(weights[name])


def load_weights(weights: str | Path, asset: str) -> dict[str, np.ndarray]:
    """Return float32 weights by name: the bundled ones, or those of a file written in the same form.

    Parameters
    ----------
    weights : str or Path
        ``"bundled"``, or the path of an HDF5 file.
    asset : str
        Name of the bundled asset.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    """
    if weights == "bundled":
        return unpack_kernels(load_asset(asset))
    if not Path(weights).is_file():
        raise FileNotFoundError(
            f'weights must be "bundled" or the path of an HDF5 file, got {str(weights)!r}'
        )
    return unpack_kernels(read_arrays(weights))
