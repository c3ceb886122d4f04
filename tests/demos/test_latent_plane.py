"""The latent plane's decoders in NumPy, against Keras; places and ways."""

import numpy as np
import pytest

from utils.demos.latent_plane import REACH, load_planes
from utils.plots.latent_demo import SIDE, mark_place, paint_beside, paint_codes, paint_digit, paint_lattice


@pytest.fixture(scope="module")
def planes():
    return load_planes()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["variational", "plain"])
def test_the_decoder_draws_what_keras_draws(planes, kind):
    from utils.models.autoencoder import dense_decoder

    plane, decoder = planes[kind], dense_decoder(latent=2)
    layers = [layer for layer in decoder.layers if layer.weights]
    for number, layer in enumerate(layers, start=1):
        layer.set_weights([plane.weights[f"dense_{number}/{part}"] for part in ("kernel", "bias")])
    codes = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    np.testing.assert_allclose(plane.decode(codes), decoder(codes), atol=1e-5)


def test_places_and_codes_are_each_other_s_reverse(planes):
    for plane in planes.values():
        for place in ((0.0, 0.0), (0.3, 0.9), (1.0, 1.0)):
            np.testing.assert_allclose(plane.place_of(plane.code_at(place)), place, atol=1e-5)
    np.testing.assert_allclose(planes["variational"].code_at((0, 0)), [-REACH, REACH])


def test_nearly_all_codes_are_shown(planes):
    for plane in planes.values():
        places = np.array([plane.place_of(code) for code in plane.codes])
        assert np.mean(np.all((places >= -1e-5) & (places <= 1 + 1e-5), axis=1)) > 0.97


def test_a_way_goes_from_typical_digit_to_typical_digit(planes):
    plane = planes["variational"]
    np.testing.assert_allclose(plane.way(4, 9, 0), plane.typical(4))
    np.testing.assert_allclose(plane.way(4, 9, 1), plane.typical(9))
    with pytest.raises(ValueError, match="part"):
        plane.way(4, 9, 1.2)


def test_a_typical_code_draws_what_its_digit_looks_like(planes):
    """The picture resembles the mean of what the codes of its own digit draw more than that of any other digit."""
    for plane in planes.values():
        means = np.array([plane.decode(plane.codes[plane.labels == d]).mean(axis=0) for d in range(10)])
        for digit in (0, 1, 6, 7):
            drawn = plane.decode(plane.typical(digit)[None])[0]
            assert np.square(means - drawn).sum(axis=(1, 2)).argmin() == digit


def test_the_lattice_holds_the_pictures_of_its_places(planes):
    plane = planes["variational"]
    lattice = plane.lattice(4)
    assert lattice.shape == (112, 112)
    np.testing.assert_allclose(
        lattice[28:56, 84:112], plane.decode(plane.code_at((3.5 / 4, 1.5 / 4))[None])[0], atol=1e-6
    )


def test_pictures_have_their_sizes_and_the_cross_is_where_it_should_be():
    plane = paint_codes(np.array([[0.2, 0.3], [0.8, 0.6], [3, -1]]), np.array([1, 7, 7]))
    assert plane.shape == (SIDE, SIDE, 3)
    marked = mark_place(plane, (0.5, 0.25), [(0.1, 0.1), (0.9, 0.9)])
    assert (marked[SIDE // 4, SIDE // 2] == (0xD5, 0x5E, 0)).all()
    assert (plane[SIDE // 4, SIDE // 2] == 255).all()
    assert mark_place(plane, (7, -3)).shape == plane.shape
    digit = np.eye(28)
    assert paint_digit(digit).max() == 255
    assert paint_lattice(np.tile(digit, (3, 3))).shape == plane.shape
    assert paint_beside([digit] * 2, plane, [[digit] * 11] * 2).shape == (570, 800, 3)
