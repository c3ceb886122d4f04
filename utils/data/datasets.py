"""Loaders of the bundled data sets, in Keras' convention: `(x_train, y_train), (x_test, y_test)`."""

import numpy as np

from utils.data.assets import AssetError, asset_path, load_asset

Split = tuple[np.ndarray, np.ndarray]

FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
CUT_OUT_CLASSES = ("mammal", "bird", "produce", "flower", "sign", "vehicle")


def load_mnist() -> tuple[Split, Split]:
    """Return 10,000 handwritten digits, split 8,000 / 2,000 with the digits in the same proportions.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        x: (8000, 28, 28) and (2000, 28, 28), uint8 in [0, 255], white on black; y: (8000,) and (2000,), uint8
        in 0…9. The split is fixed and is not MNIST's own 60,000 / 10,000.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document recognition, 1998.
    """
    return _load_split("mnist-10k")


def load_fashion_mnist(whole: bool = False) -> tuple[Split, Split]:
    """Return pictures of clothes: 12,000 bundled ones, or all 70,000 once they are fetched.

    Parameters
    ----------
    whole
        Take the original 60,000 / 10,000 (31 MB, `course data fetch fashion-mnist`) instead of the balanced
        10,000 / 2,000 that are bundled.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        x: (n, 28, 28), uint8 in [0, 255], light on black; y: (n,), uint8 in 0…9, named by `FASHION_CLASSES`.
        The bundled test pictures are a part of the original test set.

    References
    ----------
    Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv:1708.07747.
    """
    if not whole:
        return _load_split("fashion-mnist-12k")
    return _load_idx("train"), _load_idx("test")


def load_orl_faces() -> tuple[Split, Split]:
    """Return the ORL faces, ten pictures each of forty people, split by *person*.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        x: (300, 112, 92) and (100, 112, 92), uint8 grey in [0, 255]; y: the person, (300,) in 0…29 and (100,)
        in 30…39, uint8. Pictures of one person follow each other.

    References
    ----------
    Samaria, Harter: Parameterisation of a stochastic model for human face identification, 1994. The AT&T
    (ORL) Database of Faces, AT&T Laboratories Cambridge.
    """
    return _load_split("orl-faces")


def load_street_clip() -> np.ndarray:
    """Return fifteen frames of a street seen by a fixed camera, two a second.

    Returns
    -------
    array (15, 576, 768, 3)
        uint8 RGB in [0, 255]; people walk, a car and a van stand.
    """
    from utils.data.images import read_image

    arrays = load_asset("street-clip")
    files = np.split(arrays["jpeg"], arrays["ends"][:-1])
    return np.stack([read_image(file.tobytes()) for file in files])


def load_cut_outs() -> tuple[Split, Split]:
    """Return small colour pictures of six classes, composed: a cut-out thing on a crop of a photograph.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        x: (720, 96, 96, 3) and (360, 96, 96, 3), uint8 RGB in [0, 255]; y: (720,) and (360,), uint8 in 0…5, named by
        `CUT_OUT_CLASSES`; 120 and 60 a class, shuffled. Things and backgrounds of the test are others than those
        of the training. Which thing a picture shows is in `load_asset("cut-outs-6")["object_test"]`: pictures of
        one thing resemble each other, so the test is as good as one of 62 things, not of 360.
    """
    arrays = load_asset("cut-outs-6")
    return tuple(
        (np.stack([_decode(file, "RGB") for file in _files(arrays, "jpeg", part)]), arrays[f"y_{part}"])
        for part in ("train", "test")
    )


def load_cut_out_objects() -> tuple[tuple[list[np.ndarray], np.ndarray], tuple[list[np.ndarray], np.ndarray]]:
    """Return the cut-out things themselves, to compose pictures or scenes of.

    Returns
    -------
    (things_train, y_train), (things_test, y_test)
        things: lists of 142 and 62 arrays (height, width, 4), uint8 RGBA in [0, 255], not premultiplied, of different
        sizes, at most 128 pixels long, cropped to what can be seen; y: (142,) and (62,), uint8 in 0…5, named by
        `CUT_OUT_CLASSES`. The split is by thing and fixed.
    """
    arrays = load_asset("tux-cut-outs")
    return tuple(
        ([_decode(file, "RGBA") for file in _files(arrays, "files", part)], arrays[f"y_{part}"])
        for part in ("train", "test")
    )


def load_tree_crowns() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return aerial photographs of forests and the boxes that somebody drew around the tree crowns.

    Returns
    -------
    dict of str to (image, boxes)
        By place: ``"yellowstone_1"`` (2472 × 2299 pixels, for training), ``"yellowstone_2"``, ``"florida"`` and
        ``"california"``. image: (height, width, 3), uint8 RGB; boxes: (n, 4), corners in pixels, float32.

    References
    ----------
    Weinstein, Marconi, Aubry-Kientz, Vincent, Senyondo and White 2020: DeepForest, a Python package for RGB deep
    learning tree crown delineation.
    """
    arrays = load_asset("tree-crowns")
    places = [name.removesuffix("_jpeg") for name in arrays if name.endswith("_jpeg")]
    return {
        place: (_decode(arrays[f"{place}_jpeg"].tobytes(), "RGB"), arrays[f"{place}_boxes"])
        for place in sorted(places, key=lambda place: -len(arrays[f"{place}_boxes"]))
    }


def _files(arrays: dict[str, np.ndarray], what: str, part: str) -> list[bytes]:
    """Cut the files of a part, which are stored one after another, apart."""
    return [file.tobytes() for file in np.split(arrays[f"{what}_{part}"], arrays[f"ends_{part}"][:-1])]


def _decode(file: bytes, mode: str) -> np.ndarray:
    """Decode a bundled picture in Pillow's mode "RGB" or "RGBA"."""
    import io

    from PIL import Image

    with Image.open(io.BytesIO(file)) as image:
        return np.array(image.convert(mode))


def _load_split(name: str) -> tuple[Split, Split]:
    arrays = load_asset(name)
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def _load_idx(part: str) -> Split:
    """Read pictures and labels of the whole Fashion-MNIST."""
    from utils.data.idx import read_idx

    pictures, labels = (read_idx(asset_path(f"fashion-mnist-{part}-{what}")) for what in ("images", "labels"))
    if len(pictures) != len(labels):
        raise AssetError(f"fashion-mnist-{part}: {len(pictures)} pictures but {len(labels)} labels")
    return pictures, labels
