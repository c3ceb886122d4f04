"""Week 4, lesson 1, face verification: what is asked. The answers stand elsewhere."""

from collections.abc import Callable
from typing import Any

import numpy as np

from utils.exercises.case import Case
from utils.exercises.entry import Arrays, Exercise, WrongKind, as_array, named_results

_DISTANCES = (
    "utils.faces.distances.distances",
    "utils.faces.distances.squared_distances",
    "scipy.spatial.distance.euclidean",
    "scipy.spatial.distance.cdist",
)


class StandIn:
    """A model for one picture, which answers without a network.

    Parameters
    ----------
    image_path : str
        The picture's path.
    encoding : ndarray, (d,)
        Its encoding.
    """

    def __init__(self, image_path: str, encoding: np.ndarray):
        self.image_path, self.encoding = image_path, encoding

    def __call__(self, image_path: str) -> np.ndarray:
        """Return the encoding of the face in the picture; any other path is an error, as a missing file is."""
        if image_path != self.image_path:
            raise FileNotFoundError(
                f"model must be called with image_path, {self.image_path!r}; it got {image_path!r}"
            )
        return self.encoding.copy()


def _at_the_door(case: Case) -> tuple[tuple, dict]:
    """Turn names and encodings into a database, and the encoding that is seen into a model."""
    params = dict(case.params)
    path = params.pop("image_path")
    database = dict(zip(params.pop("names"), case.arrays["encodings"], strict=True))
    identity = [params.pop("identity")] if "identity" in params else []
    return (path, *identity, database, StandIn(path, case.arrays["seen"])), params


def _call_verify(function: Callable, args: tuple, kwargs: dict) -> Any:
    """Call it, and see to it that an error about an unknown identity tells the names that there are."""
    _, identity, database, _ = args
    names = list(database)
    try:
        return function(*args, **kwargs)
    except KeyError as error:
        if identity not in names and not _all_named(names, str(error)):
            raise WrongKind(
                f"For {identity!r}, who is not in the database, your function raises KeyError, as it should. Its "
                "message should tell the names that there are, so that whoever made a slip of the pen sees it."
            ) from None
        raise


def _all_named(names: list[str], text: str) -> bool:
    return all(name in text for name in names)


def _probe_who(result: Any) -> Arrays:
    """Read (distance, name or None)."""
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise WrongKind(
            "The function should return two values, (distance, name); for a stranger the name is None."
        )
    distance, name = result
    if name is not None and not isinstance(name, str):
        raise WrongKind(
            f"`name` should be a text or None; it is a {type(name).__name__}. The distance comes first."
        )
    return {
        "distance": as_array(distance, "`distance`"),
        "nobody": np.array(name is None),
        "name": np.array(name or "", dtype=np.str_),
    }


EXERCISES = (
    Exercise(
        notebook="w4l1",
        function="l2_normalize",
        signature="(x)",
        points=1,
        task="Scale encodings to length 1.",
        hints=(
            "The length of a vector is the square root of the sum of its squares. Dividing by it leaves the direction "
            "as it is.",
            "For several encodings, one a row, each has a length of its own: sum along the last axis, and keep that "
            "axis with `keepdims=True`, so that the division fits.",
            "A vector of zeros has length 0. `np.maximum(length, 1e-12)` keeps the division possible and changes no "
            "other vector.",
        ),
        answered_by=(
            "utils.faces.distances.l2_normalize",
            "keras.ops.normalize",
            "keras.utils.normalize",
            "sklearn.preprocessing.normalize",
        ),
    ),
    Exercise(
        notebook="w4l1",
        function="distance",
        signature="(a, b)",
        points=1,
        task="Return the Euclidean distance of two encodings, or of one from many.",
        hints=(
            "Difference, squares, sum, square root: in this order.",
            "`a - b` works for (d,) with (d,) and for (d,) with (n, d). The sum goes along the last axis, `axis=-1`.",
        ),
        answered_by=_DISTANCES,
    ),
    Exercise(
        notebook="w4l1",
        function="verify",
        signature="(image_path, identity, database, model, threshold=.7)",
        points=2,
        task="Say whether the person in a picture is the one named.",
        hints=(
            "Three steps: the encoding of the picture, its distance from the encoding that the database holds for "
            "this *one* name, the comparison with the threshold.",
            "`model(image_path)` is the first step, `database[identity]` a part of the second, `np.linalg.norm` "
            "of the difference the rest.",
            "Ask `if identity not in database` first, and raise a KeyError whose message holds "
            "`', '.join(database)`.",
        ),
        build=_at_the_door,
        probe=named_results("distance", "is_same"),
        call=_call_verify,
    ),
    Exercise(
        notebook="w4l1",
        function="who_is_it",
        signature="(image_path, database, model, threshold=.7)",
        points=3,
        task="Say who of the database is in a picture, or that it is nobody.",
        hints=(
            "Encode the picture once, before the loop. Then walk over `database.items()` and remember the smallest "
            "distance so far and whose it is.",
            "Before the loop nobody is near: begin with a distance of infinity, `np.inf`, and the name None. Then an "
            "empty database needs no line of its own.",
            "After the loop you know the nearest person. Whether it *is* this person, the threshold decides: if the "
            "smallest distance is greater, the name becomes None; the distance stays.",
        ),
        build=_at_the_door,
        probe=_probe_who,
    ),
)
