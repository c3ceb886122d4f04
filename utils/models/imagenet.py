"""What an ImageNet network takes a picture for: the square that it sees, and its most probable classes.

Keras is imported by the function that builds the network, so that a page can be drawn before.
"""

from collections.abc import Callable

import numpy as np

SIDE = 224

Guess = tuple[str, float]


def centre_square(picture: np.ndarray) -> tuple[int, int, int]:
    """Return the largest square in the middle of a picture.

    Parameters
    ----------
    picture
        (height, width, channels).

    Returns
    -------
    tuple of int
        Top row, left column and side.

    Raises
    ------
    ValueError
        When the picture has another number of axes or no pixels.
    """
    if picture.ndim != 3 or 0 in picture.shape:
        raise ValueError(f"picture must have shape (height, width, channels), got {picture.shape}")
    height, width = picture.shape[:2]
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side


def load_classifier(count: int = 5) -> Callable[[np.ndarray], list[Guess]]:
    """Build EfficientNet-Lite0 with the bundled weights, ready to classify one picture at a time.

    The first call of a network takes seconds; it is done here, with an empty picture.

    Parameters
    ----------
    count : int
        How many classes are named, 1 to 1000.

    Returns
    -------
    callable
        Picture (height, width, 3), uint8 RGB → the ``count`` most probable of ImageNet's classes, as (name,
        probability), the most probable first. The network sees :func:`centre_square`, brought to 224×224 pixels.
        Classes that share a name, such as ImageNet's two missiles, count as one.

    Raises
    ------
    ValueError
        When ``count`` is out of range.
    """
    if not 1 <= count <= 1000:
        raise ValueError(f"count must be between 1 and 1000, got {count!r}")
    from utils.models.efficientnet import efficientnet_lite0, imagenet_classes

    model, names = efficientnet_lite0(), imagenet_classes()

    def classify(picture: np.ndarray) -> list[Guess]:
        shares: dict[str, float] = {}
        for name, probability in zip(
            names, model.predict_on_batch(_prepare(picture)[np.newaxis])[0], strict=True
        ):
            shares[name] = shares.get(name, 0.0) + float(probability)
        return sorted(shares.items(), key=lambda guess: -guess[1])[:count]

    classify(np.zeros((SIDE, SIDE, 3), np.uint8))
    return classify


def _prepare(picture: np.ndarray) -> np.ndarray:
    """Cut out the middle square and scale it: (224, 224, 3), float32 in [0, 1]."""
    from PIL import Image

    if picture.dtype != np.uint8:
        raise TypeError(f"picture must be uint8, got {picture.dtype}")
    if picture.shape[2:] != (3,):
        raise ValueError(f"picture must have shape (height, width, 3), got {picture.shape}")
    top, left, side = centre_square(picture)
    square = Image.fromarray(picture[top : top + side, left : left + side])
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BICUBIC), dtype=np.float32) / 255
