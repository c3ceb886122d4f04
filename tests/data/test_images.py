"""Pictures of every ordinary kind, made by Pillow, come out as the right array or as a clear error."""

import io
import struct
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from utils.data import (
    painting,
    painting_names,
    photograph,
    photograph_names,
    portrait,
    portrait_names,
    read_image,
    to_float,
    to_grey,
    to_uint8,
)

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
small_rgb = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


@pytest.fixture
def ramp() -> np.ndarray:
    """A picture (40, 60, 3) with a gradient in each channel."""
    y, x = np.mgrid[0:40, 0:60]
    return np.stack([x * 4, y * 6, 255 - x * 2 - y], axis=-1).astype(np.uint8)


@given(small_rgb)
@settings(max_examples=50, deadline=None)
def test_lossless_round_trip(pixels):
    for form in ("PNG", "BMP", "TIFF", "PPM", "WEBP"):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, form, **({"lossless": True} if form == "WEBP" else {}))
        image = read_image(buffer.getvalue())
        assert image.dtype == np.uint8
        np.testing.assert_array_equal(image, pixels, err_msg=form)


def test_jpeg_and_the_ways_to_name_a_file(tmp_path, ramp, monkeypatch):
    path = tmp_path / "Rampe äöü 日本 1.JPG"
    Image.fromarray(ramp).save(path, "JPEG", quality=95, subsampling=0)
    image = read_image(path)
    assert image.shape == (40, 60, 3)
    assert np.abs(image.astype(int) - ramp).mean() < 3
    np.testing.assert_array_equal(read_image(str(path)), image)
    np.testing.assert_array_equal(read_image(memoryview(path.read_bytes())), image)
    monkeypatch.setenv("HOME", str(tmp_path))
    np.testing.assert_array_equal(read_image("~/" + path.name), image)
    image[0, 0] = 7  # the array is the caller's own


@pytest.mark.parametrize("mode", ["L", "1"])
def test_grey(tmp_path, mode):
    grey = np.array([[0, 255, 0], [255, 0, 255]], np.uint8)
    Image.fromarray(grey).convert(mode).save(tmp_path / "g.png")
    np.testing.assert_array_equal(read_image(tmp_path / "g.png"), np.repeat(grey[..., None], 3, axis=2))


def test_transparency_lies_on_white(tmp_path):
    pixels = np.array([[(*RED, 255), (*RED, 0), (0, 0, 0, 128)]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_image(tmp_path / "a.png"), [[RED, WHITE, (127, 127, 127)]])
    Image.fromarray(np.array([[(9, 255), (9, 0)]], np.uint8), "LA").save(tmp_path / "la.png")
    np.testing.assert_array_equal(read_image(tmp_path / "la.png"), [[(9, 9, 9), WHITE]])


def test_palette_with_and_without_transparency(tmp_path):
    image = Image.new("P", (3, 1))
    image.putpalette([*RED, *GREEN, *BLUE])
    image.putdata([0, 1, 2])
    image.save(tmp_path / "p.png")
    image.save(tmp_path / "t.png", transparency=1)
    image.save(tmp_path / "t.gif", transparency=1)
    np.testing.assert_array_equal(read_image(tmp_path / "p.png"), [[RED, GREEN, BLUE]])
    np.testing.assert_array_equal(read_image(tmp_path / "t.png"), [[RED, WHITE, BLUE]])
    np.testing.assert_array_equal(read_image(tmp_path / "t.gif"), [[RED, WHITE, BLUE]])


def test_colour_key_transparency(tmp_path):
    pixels = np.array([[RED, GREEN]], np.uint8)
    Image.fromarray(pixels).save(tmp_path / "key.png", transparency=GREEN)
    np.testing.assert_array_equal(read_image(tmp_path / "key.png"), [[RED, WHITE]])


def test_cmyk(tmp_path):
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "c.tif")
    np.testing.assert_array_equal(read_image(tmp_path / "c.tif"), np.broadcast_to(RED, (16, 16, 3)))
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "c.jpg", quality=95)
    assert np.abs(read_image(tmp_path / "c.jpg").astype(int) - RED).max() <= 6


@pytest.mark.parametrize("name", ["s.png", "s.tif"])
def test_sixteen_bit_grey(tmp_path, name):
    values = np.array([[0, 257, 32_896, 65_535]], np.uint16)
    Image.fromarray(values).save(tmp_path / name)
    np.testing.assert_array_equal(read_image(tmp_path / name)[0, :, 0], [0, 1, 128, 255])


def test_sixteen_bit_colour(tmp_path):
    """Pillow cannot write this one: the PNG is put together by hand."""
    rows = b"\0" + np.array([65_535, 0, 32_768, 0, 65_535, 257], ">u2").tobytes()
    head = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    (tmp_path / "c.png").write_bytes(_png(head, rows))
    np.testing.assert_array_equal(read_image(tmp_path / "c.png"), [[(255, 0, 128), (0, 255, 1)]])


def test_floats(tmp_path):
    Image.fromarray(np.array([[0, 0.5, 1]], np.float32)).save(tmp_path / "f.tif")
    np.testing.assert_array_equal(read_image(tmp_path / "f.tif")[0, :, 0], [0, 128, 255])
    Image.fromarray(np.array([[0, 300.0]], np.float32)).save(tmp_path / "g.tif")
    with pytest.raises(ValueError, match="values from 0 to 300"):
        read_image(tmp_path / "g.tif")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_camera_rotation(tmp_path, orientation):
    """The eight orientations of EXIF, by the definition in its table, not by Pillow's own method."""
    upright = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / "r.png", exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / "r.png"), upright)


def test_damaged_camera_data_does_no_harm(tmp_path, ramp):
    Image.fromarray(ramp).save(tmp_path / "e.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage")
    assert read_image(tmp_path / "e.jpg").shape == ramp.shape


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_first_frame_of_an_animation(tmp_path, form):
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, GREEN, BLUE)]
    options = {"lossless": True} if form == "WEBP" else {}
    frames[0].save(tmp_path / "a", form, save_all=True, append_images=frames[1:], **options)
    np.testing.assert_array_equal(read_image(tmp_path / "a"), np.broadcast_to(RED, (8, 8, 3)))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_cut_short(tmp_path, form, share):
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, form)
    path = tmp_path / "cut"
    path.write_bytes(buffer.getvalue()[: int(len(buffer.getvalue()) * share)])
    with pytest.raises(ValueError, match=r"cut short|no picture"):
        read_image(path)


@given(data=st.binary(max_size=200), form=st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"]))
@settings(max_examples=150, deadline=None)
def test_overwritten_bytes_never_raise_anything_else(data, form):
    """Damage in the middle gives an array or a ValueError, whatever the decoder thinks of it."""
    buffer = io.BytesIO()
    Image.fromarray(np.arange(768, dtype=np.uint16).reshape(16, 16, 3).astype(np.uint8)).save(buffer, form)
    whole = bytearray(buffer.getvalue())
    start = len(whole) // 3
    whole[start : start + len(data)] = data
    try:
        image = read_image(bytes(whole))
    except ValueError:
        return
    assert image.dtype == np.uint8
    assert image.ndim == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"hello, this is text\n" * 50, "no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 50, "HEIC"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture"),
        (b"PK\x03\x04" + b"\0" * 60, "no picture"),
    ],
)
def test_no_picture(tmp_path, content, said):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=said) as caught:
        read_image(path)
    assert "holiday.jpg" in str(caught.value)
    with pytest.raises(ValueError, match=said):
        read_image(content)


def test_bombs(tmp_path):
    """A header that promises 100 megapixels, and one that promises 4 billion, both tiny files."""
    for width, height in ((10_000, 10_000), (65_535, 65_535)):
        head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        (tmp_path / "bomb.png").write_bytes(_png(head, b"\0" * 1000))
        with pytest.raises(ValueError, match="too large"):
            read_image(tmp_path / "bomb.png")


def test_large_but_allowed(tmp_path):
    Image.new("L", (8_000, 6_000), 7).save(tmp_path / "48mp.png")
    assert read_image(tmp_path / "48mp.png", size=64).shape == (48, 64, 3)


def test_missing_folder_and_wrong_types(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.png"):
        read_image(tmp_path / "nothing.png")
    with pytest.raises(IsADirectoryError, match="folder"):
        read_image(tmp_path)
    for wrong in (None, 3, np.zeros((3, 3)), ["a.png"]):
        with pytest.raises(TypeError, match="path must be"):
            read_image(wrong)


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        (None, (40, 60, 3)),
        (30, (20, 30, 3)),
        (120, (80, 120, 3)),
        (1, (1, 1, 3)),
        ((7, 11), (7, 11, 3)),
        ([7, 11], (7, 11, 3)),
        ((40, 60), (40, 60, 3)),
        (np.int64(30), (20, 30, 3)),
    ],
)
def test_size(tmp_path, ramp, size, shape):
    Image.fromarray(ramp).save(tmp_path / "r.png")
    assert read_image(tmp_path / "r.png", size).shape == shape


def test_resizing_keeps_a_plain_colour_and_the_mean(tmp_path, ramp):
    Image.new("RGB", (33, 17), (10, 200, 30)).save(tmp_path / "plain.png")
    assert (read_image(tmp_path / "plain.png", (5, 9)) == (10, 200, 30)).all()
    Image.fromarray(ramp).save(tmp_path / "r.png")
    small = read_image(tmp_path / "r.png", (20, 30))
    np.testing.assert_allclose(small.mean(axis=(0, 1)), ramp.mean(axis=(0, 1)), atol=1)


@pytest.mark.parametrize("size", [0, -3, (0, 5), (5, -1), 10**6, (20_000, 3)])
def test_size_out_of_range(size):
    with pytest.raises(ValueError, match="size must be between"):
        read_image(b"never looked at", size)


@pytest.mark.parametrize("size", ["64", 3.5, (1, 2, 3), (1,), (2.0, 3), True, (True, 2), {}])
def test_size_of_the_wrong_type(size):
    with pytest.raises(TypeError, match="size must"):
        read_image(b"never looked at", size)


@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=4, max_side=5)))
@settings(deadline=None)
def test_float_and_back(image):
    floats = to_float(image)
    assert floats.dtype == np.float32
    assert floats.min() >= 0
    assert floats.max() <= 1
    np.testing.assert_array_equal(to_uint8(floats), image)
    np.testing.assert_array_equal(to_float(floats), floats)
    np.testing.assert_array_equal(to_uint8(image), image)


def test_conversions_refuse_and_clip():
    np.testing.assert_array_equal(to_uint8(np.array([-0.2, 0.5, 1.7])), [0, 128, 255])
    assert to_float(np.zeros((0, 3), np.float32)).shape == (0, 3)
    with pytest.raises(ValueError, match="NaN"):
        to_uint8(np.array([np.nan]))
    for values in ([0.0, 200.0], [-0.1, 0.5], [np.nan, 0.5]):
        with pytest.raises(ValueError, match=r"\[0, 1\]"):
            to_float(np.array(values))
    for convert in (to_float, to_uint8):
        with pytest.raises(TypeError, match="int64"):
            convert(np.array([1, 2]))


@given(small_rgb)
@settings(deadline=None)
def test_grey_is_pillows(pixels):
    """Pillow's "L" is the same luma in whole numbers: they differ by rounding at most."""
    ours = to_grey(pixels)
    assert ours.shape == pixels.shape[:2]
    assert ours.dtype == np.uint8
    theirs = np.asarray(Image.fromarray(pixels).convert("L"))
    assert np.abs(ours.astype(int) - theirs).max() <= 1
    floats = to_grey(to_float(pixels))
    assert floats.dtype == np.float32
    np.testing.assert_allclose(floats * 255, ours, atol=0.51)


def test_grey_keeps_grey_and_takes_batches():
    grey = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 1), dtype=np.uint8)
    np.testing.assert_array_equal(to_grey(np.repeat(grey, 3, axis=3)), grey[..., 0])
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros(3)):
        with pytest.raises(ValueError, match="shape"):
            to_grey(wrong)
    with pytest.raises(TypeError, match="int64"):
        to_grey(np.zeros((2, 2, 3), np.int64))


@pytest.mark.parametrize(
    ("show", "names", "at_least"),
    [(photograph, photograph_names, 8), (painting, painting_names, 4), (portrait, portrait_names, 6)],
)
def test_bundled_pictures(show, names, at_least):
    assert len(names()) >= at_least
    for name in names():
        image = show(name)
        assert image.dtype == np.uint8
        assert image.shape[2] == 3
        assert 256 <= max(image.shape) <= 512
        assert image.std() > 10
    assert max(show(names()[0], 64).shape) == 64
    with pytest.raises(ValueError, match=names()[0]):
        show("no such picture")
    with pytest.raises(TypeError, match="name must be a string"):
        show(3)


@pytest.mark.parametrize(
    ("name", "file"), [("astronaut", "astronaut"), ("chelsea", "chelsea"), ("camera", "camera")]
)
def test_bundled_photographs_are_scikit_images(name, file):
    from skimage import data

    original = getattr(data, file)()
    original = original if original.ndim == 3 else np.repeat(original[..., None], 3, axis=2)
    image = photograph(name)
    assert image.shape == original.shape
    assert np.abs(image.astype(int) - original).mean() < 3.5


def test_import_is_light():
    """Week 1 imports this package: no TensorFlow, no scikit-image, nothing slow before it is needed."""
    import subprocess

    script = (
        "import sys, utils.data;"
        "print([m for m in ('tensorflow','keras','skimage','scipy','h5py','PIL','pooch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _png(header: bytes, rows: bytes) -> bytes:
    """Put a PNG together from its header and its filtered rows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
