"""Signals and volumes that carry meaning, generated: heartbeats with premature ones, tissue with vessels and nodules.

Neither is a recording of anybody. Heartbeats are sums of Gaussian bells along the phase of a beat, as in McSharry,
Clifford, Tarassenko and Smith 2003, "A dynamical model for generating synthetic electrocardiogram signals" (IEEE
Transactions on Biomedical Engineering 50). Volumes are smoothed noise with tubes and balls in it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

RATE = 50  # samples a second
SECONDS = 6
# Middle (seconds after the R peak), height (millivolts) and width (seconds) of the waves P, Q, R, S and T.
_NORMAL = np.array(
    [(-0.17, 0.12, 0.025), (-0.045, -0.12, 0.015), (0, 1, 0.02), (0.045, -0.2, 0.015), (0.28, 0.28, 0.05)]
)
# A premature ventricular beat: no P wave, a wide complex, a T wave to the other side.
_PREMATURE = np.array([(0, 1.05, 0.045), (0.11, -0.35, 0.04), (0.3, -0.15, 0.06)])


@dataclass(frozen=True)
class Strip:
    """A piece of a heartbeat's signal.

    Attributes
    ----------
    signal : ndarray, (RATE · SECONDS,)
        In millivolts, float32.
    beats : ndarray
        Times of the R peaks in seconds.
    premature : ndarray of bool
        Which of them come too early.
    """

    signal: np.ndarray
    beats: np.ndarray
    premature: np.ndarray


def heartbeat_strip(rng: np.random.Generator, premature: bool) -> Strip:
    """Generate six seconds of a heart at rest, with a premature beat somewhere or with none.

    Parameters
    ----------
    rng : numpy.random.Generator
        Rate of the heart, times and heights of its beats, slow drift and noise are drawn from it.
    premature : bool
        Whether one beat comes early and in another shape, followed by a pause.

    Notes
    -----
    A normal heart does not beat like a clock: intervals vary by some hundredths, rise and fall with the breath, and in
    one strip of three a *normal* beat comes early, too. So neither the interval nor the height alone tells.
    """
    interval = rng.uniform(0.65, 1.05)
    breath = rng.uniform(0, 2 * np.pi)
    times, kinds = [-rng.uniform(0, interval)], [False]
    while times[-1] < SECONDS + 1:
        swing = 1 + 0.05 * np.sin(breath + 1.5 * times[-1]) + rng.normal(0, 0.02)
        times.append(times[-1] + interval * swing)
        kinds.append(False)
    times, kinds = np.array(times), np.array(kinds)
    inside = np.flatnonzero((times > 1) & (times < SECONDS - 1))
    early = rng.choice(inside)
    if premature or rng.random() < 1 / 3:
        times[early] -= rng.uniform(0.2, 0.35) * interval
    kinds[early] = premature
    clock = np.arange(RATE * SECONDS) / RATE
    signal = 0.1 * np.sin(2 * np.pi * rng.uniform(0.1, 0.3) * clock + rng.uniform(0, 2 * np.pi))
    scale = rng.uniform(0.8, 1.2)
    for time, is_premature in zip(times, kinds, strict=True):
        for middle, height, width in _PREMATURE if is_premature else _NORMAL:
            height = scale * height * rng.normal(1, 0.08)
            signal = signal + height * np.exp(-0.5 * ((clock - time - middle) / width) ** 2)
    signal = signal + rng.normal(0, 0.06, len(clock))
    shown = (times >= 0) & (times < SECONDS)
    return Strip(signal.astype(np.float32), times[shown], kinds[shown])


def heartbeat_strips(count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, list[Strip]]:
    """Generate strips, half of them with a premature beat.

    Returns
    -------
    signals : ndarray, (count, RATE · SECONDS, 1)
        float32, in millivolts.
    labels : ndarray of int, (count,)
        1: there is a premature beat.
    strips : list of Strip
        The same with the times of the beats.
    """
    labels = rng.permutation(np.arange(count) % 2)
    strips = [heartbeat_strip(rng, bool(label)) for label in labels]
    return np.stack([strip.signal for strip in strips])[..., None], labels, strips


def tissue_volume(rng: np.random.Generator, nodule: bool, side: int = 20) -> np.ndarray:
    """Generate a cube of tissue with a vessel through its middle, or a nodule there.

    Parameters
    ----------
    rng : numpy.random.Generator
        Size, direction, place and noise are drawn from it.
    nodule : bool
        A ball; otherwise a tube, which runs across the middle slice steeply, so that it is round there as well.
    side : int
        Voxels along each side, at least 12.

    Returns
    -------
    ndarray, (side, side, side)
        float32, about 0 for tissue and 1 for vessel and nodule. The first axis counts the slices.
    """
    if side < 12:
        raise ValueError(f"side must be at least 12, got {side!r}")
    middle = (side - 1) / 2 + rng.uniform(-1.5, 1.5, 3) * np.array([0, 1, 1])
    places = np.stack(np.meshgrid(*3 * [np.arange(side)], indexing="ij"), axis=-1) - middle
    radius = rng.uniform(2, 3.5)
    if nodule:
        distance = np.linalg.norm(places, axis=-1)
    else:
        direction = np.array([1, *rng.uniform(-0.4, 0.4, 2)])
        direction /= np.linalg.norm(direction)
        along = places @ direction
        distance = np.linalg.norm(places - along[..., None] * direction, axis=-1)
    thing = 1 / (1 + np.exp(2 * (distance - radius)))
    texture = gaussian_filter(rng.normal(size=thing.shape), 1)
    return (thing + 0.25 * texture / texture.std()).astype(np.float32)


def tissue_volumes(count: int, rng: np.random.Generator, side: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Generate cubes, half of them with a nodule: volumes (count, side, side, side, 1) and labels (count,)."""
    labels = rng.permutation(np.arange(count) % 2)
    return np.stack([tissue_volume(rng, bool(label), side) for label in labels])[..., None], labels
