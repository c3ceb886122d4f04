"""What the demo of the latent plane computes: two decoders in NumPy, places, and ways between digits.

NumPy is enough for three dense layers, so that the page need not wait for TensorFlow.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from utils.data.assets import load_asset
from utils.data.compact import unpack_kernels
from utils.layers import dense, relu

KINDS = ("variational", "plain")
REACH = 3.5  # half the side of the square that is shown of the standard normal distribution
DIGITS = 10
_LAYERS, _PIXELS = 3, (28, 28)


@dataclass(frozen=True)
class Plane:
    """The plane of an autoencoder with two latent numbers.

    Attributes
    ----------
    weights : mapping of str to ndarray
        ``dense_1/kernel``, ``dense_1/bias`` … of the decoder.
    codes, labels : ndarray, (n, 2) and (n,)
        Where the test digits lie, and which digits they are.
    low, high : ndarray, (2,)
        Corners of the rectangle that is shown.
    """

    weights: Mapping[str, np.ndarray]
    codes: np.ndarray
    labels: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Draw the pictures of codes (n, 2): (n, 28, 28), float32 in [0, 1]."""
        x = np.asarray(codes, np.float32)
        for number in range(1, _LAYERS + 1):
            x = dense(x, self.weights[f"dense_{number}/kernel"], self.weights[f"dense_{number}/bias"])
            x = relu(x) if number < _LAYERS else (1 + np.tanh(x / 2)) / 2  # the logistic function
        return x.reshape(-1, *_PIXELS)

    def code_at(self, place: tuple[float, float]) -> np.ndarray:
        """Return the code at a place of the rectangle: across from the left and down from the top, each in [0, 1]."""
        across, down = place
        return self.low + (self.high - self.low) * np.array([across, 1 - down], np.float32)

    def place_of(self, code: np.ndarray) -> tuple[float, float]:
        """Return where a code lies in the rectangle; the reverse of :meth:`code_at`."""
        across, up = (np.asarray(code) - self.low) / (self.high - self.low)
        return float(across), float(1 - up)

    def typical(self, digit: int) -> np.ndarray:
        """Return the code that has the smallest sum of distances to the other codes of its digit, (2,)."""
        own = self.codes[self.labels == digit]
        apart = np.linalg.norm(own[:, None] - own[None], axis=-1)
        return own[apart.sum(axis=1).argmin()]

    def way(self, first: int, second: int, part: float) -> np.ndarray:
        """Return the code a part of the way, in [0, 1], from one typical digit to another, (2,)."""
        if not 0 <= part <= 1:
            raise ValueError(f"part must be in [0, 1], got {part!r}")
        return (1 - part) * self.typical(first) + part * self.typical(second)

    def lattice(self, side: int) -> np.ndarray:
        """Draw the digits of side × side places in equal steps, as one picture (28 · side, 28 · side)."""
        steps = (np.arange(side) + 0.5) / side
        pictures = self.decode(np.array([self.code_at((across, down)) for down in steps for across in steps]))
        grid = pictures.reshape(side, side, *_PIXELS).transpose(0, 2, 1, 3)
        return grid.reshape(side * _PIXELS[0], side * _PIXELS[1])


def load_planes() -> dict[str, Plane]:
    """Return the variational and the plain autoencoder's plane, by kind.

    The variational one is shown where the standard normal distribution has nearly all of its weight; the plain one has
    no such place and is shown as far as its codes reach.
    """
    arrays = unpack_kernels(load_asset("latent-plane"))
    labels = arrays["labels"].astype(int)
    planes = {}
    for kind in KINDS:
        own = {
            name.removeprefix(f"{kind}/"): value
            for name, value in arrays.items()
            if name.startswith(f"{kind}/")
        }
        codes = own.pop("codes")
        corner = np.full(2, REACH, np.float32)
        low, high = (-corner, corner) if kind == "variational" else (codes.min(axis=0), codes.max(axis=0))
        planes[kind] = Plane(own, codes, labels, low, high)
    return planes
