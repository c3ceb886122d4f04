"""The six files that people bring along are what they are called."""

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from utils.data.own_pictures import write_own_pictures


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_own_pictures(tmp_path_factory.mktemp("own"))


def test_shapes_and_modes(files):
    sizes = {kind: Image.open(path).size for kind, path in files.items() if kind != "not a picture"}
    assert sizes["portrait"][1] > 1.5 * sizes["portrait"][0]
    assert sizes["panorama"][0] > 1.5 * sizes["panorama"][1]
    assert sizes["10×10 pixels"] == (10, 10)
    assert Image.open(files["greyscale"]).mode == "L"
    assert Image.open(files["RGBA"]).mode == "RGBA"


def test_what_is_transparent_is_black_below(files):
    pixels = np.asarray(Image.open(files["RGBA"]))
    hidden = pixels[pixels[..., 3] == 0]
    assert len(hidden) > 1000
    assert not hidden[:, :3].any()


def test_the_last_is_no_picture(files):
    with pytest.raises(UnidentifiedImageError):
        Image.open(files["not a picture"])


def test_the_folder_must_exist(tmp_path):
    with pytest.raises(NotADirectoryError, match="folder must be"):
        write_own_pictures(tmp_path / "none")
