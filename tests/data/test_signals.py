import numpy as np
import pytest
from scipy.signal import find_peaks

from utils.data.signals import RATE, SECONDS, heartbeat_strips, tissue_volume, tissue_volumes


def test_strips_are_half_of_each_kind_and_say_when_their_beats_are():
    signals, labels, strips = heartbeat_strips(40, np.random.default_rng(0))
    assert signals.shape == (40, RATE * SECONDS, 1)
    assert signals.dtype == np.float32
    assert labels.sum() == 20
    for label, strip in zip(labels, strips, strict=True):
        assert strip.premature.sum() == label
        assert (np.diff(strip.beats) > 0).all()


def test_beats_stand_where_the_strip_says():
    _, _, strips = heartbeat_strips(60, np.random.default_rng(1))
    found = wanted = 0
    for strip in strips:
        peaks = find_peaks(strip.signal, height=0.5, distance=8)[0] / RATE
        inside = strip.beats[(strip.beats > 0.1) & (strip.beats < SECONDS - 0.1)]
        wanted += len(inside)
        found += sum(np.abs(peaks - beat).min() < 0.05 for beat in inside)
    assert found > 0.97 * wanted


def test_premature_beats_come_early_and_so_do_some_normal_ones():
    _, labels, strips = heartbeat_strips(200, np.random.default_rng(2))
    shortest = np.array([np.diff(strip.beats).min() / np.median(np.diff(strip.beats)) for strip in strips])
    assert (shortest[labels == 1] < 0.9).mean() > 0.9
    assert 0.2 < (shortest[labels == 0] < 0.85).mean() < 0.5


def test_one_seed_gives_one_set():
    first, again = (heartbeat_strips(6, np.random.default_rng(3))[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_a_tube_goes_on_through_the_slices_and_a_ball_does_not():
    volumes, labels = tissue_volumes(60, np.random.default_rng(4))
    assert volumes.shape == (60, 20, 20, 20, 1)
    bright = (volumes[..., 0] > 0.7).sum(axis=(2, 3))  # voxels a slice
    ends = bright[:, [1, 18]].mean(axis=1)
    assert ends[labels == 0].mean() > 5 * ends[labels == 1].mean()
    middle = bright[:, 9:11].mean(axis=1)
    assert middle[labels == 0].mean() == pytest.approx(middle[labels == 1].mean(), rel=0.3)


def test_a_cube_must_have_room():
    with pytest.raises(ValueError, match="side must be at least 12, got 8"):
        tissue_volume(np.random.default_rng(0), True, 8)
