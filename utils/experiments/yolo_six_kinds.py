"""Our YOLOv2 for six kinds of things, trained on composed scenes: the network of week 3's assignment.

The test asks about things that the training never saw, in front of backgrounds that it never saw, and in front of
those it saw.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from utils.data import CUT_OUT_CLASSES, load_cut_out_objects, load_tree_crowns, painting, photograph
from utils.data.scenes import Recipe, Scene, background_bank, compose_scene
from utils.detection.average_precision import Truth, mean_average_precision
from utils.detection.detections import Detections
from utils.experiments.experiment import Experiment, Report, Row

# None shows a thing of the six kinds so large that a detector would be right to find it.
TRAIN_PHOTOGRAPHS = ("astronaut", "brick", "china", "coins", "grass", "hubble", "page", "rocket")
TRAIN_PAINTINGS = (
    "composition-8",
    "great-wave",
    "harvesters",
    "moulin-de-la-galette",
    "shrine-in-snow",
    "starry-night",
    "village-street",
)
TEST_PHOTOGRAPHS = ("camera", "coffee", "gravel")
CROPS_A_PICTURE = 40
TEST_SCENES = 200
SIGN = CUT_OUT_CLASSES.index("sign")
THINGS, SIDES = (2, 4), (0.25, 0.6)
TRAIN_RECIPE = Recipe(THINGS, SIDES, upright=(SIGN,))  # a mirrored sign is none
TEST_RECIPE = Recipe(THINGS, SIDES, distort=False)
TESTS = {
    "unseen things, unseen backgrounds": (False, False),
    "unseen things, seen backgrounds": (False, True),
    "seen things, new scenes": (True, True),
}


def work(part: Mapping[str, Any], folder: Path, report: Report) -> Row:
    """Train the detector and measure it.

    Parameters
    ----------
    part : mapping
        ``scenes`` to train on, ``steps`` with frozen features, ``fine_steps`` with the last five blocks learning too,
        ``rate`` and ``fine_rate``, ``dropout`` and ``seed``.
    folder : Path
        Where checkpoints are; the weights are left there as ``weights.h5``.
    report : callable
        Told how far the training is.

    Returns
    -------
    dict
        ``anchors``; ``parameters`` (of the tail); curves of both phases; ``map`` at IoU .5 by test, of 200 scenes each.
        Nothing is chosen by the tests: the last step counts.
    """
    import keras

    from utils.experiments.detector_training import Phase, save_tail, stem_features, train_tail
    from utils.models.six_kinds import ANCHORS, six_kinds_detector
    from utils.models.yolov2_efficientnet import unfreeze_tail

    keras.utils.set_random_seed(part["seed"])
    model = six_kinds_detector(None, part["dropout"])
    report(0.0, "composing scenes")
    scenes = training_scenes(part["scenes"], part["seed"])
    features = stem_features(
        model, np.stack([scene.image for scene in scenes]), lambda done: report(0.0, f"features, {done:.0%}")
    )
    phases = (
        Phase("head", part["steps"], part["rate"]),
        Phase("fine", part["fine_steps"], part["fine_rate"], unfreeze_tail),
    )
    progress = train_tail(
        model, features, [truth_of(scene) for scene in scenes], ANCHORS, phases, part["seed"], folder, report
    )
    save_tail(model, folder / "weights.h5")
    return {
        "anchors": ANCHORS.round(3).tolist(),
        "parameters": model.get_layer("tail").count_params(),
        "curves": {phase.name: one.curve for phase, one in zip(phases, progress, strict=True)},
        "training_seconds": sum(one.training_seconds for one in progress),
        "resumed_at": {phase.name: one.resumed_at for phase, one in zip(phases, progress, strict=True)},
        "map": {name: round(measure(model, composed_test(name)), 4) for name in TESTS},
    }


def training_scenes(count: int, seed: int) -> list[Scene]:
    """Compose scenes of the training things in front of the training backgrounds."""
    return _scenes(True, True, TRAIN_RECIPE, count, [seed, 1])


def composed_test(name: str, count: int = TEST_SCENES) -> list[Scene]:
    """Compose the scenes of a test, one of `TESTS`; the first scenes are the same for any count."""
    if name not in TESTS:
        raise ValueError(f"name must be one of {', '.join(TESTS)}, got {name!r}")
    seen_things, seen_backgrounds = TESTS[name]
    return _scenes(seen_things, seen_backgrounds, TEST_RECIPE, count, [2, list(TESTS).index(name)])


def truth_of(scene: Scene) -> Truth:
    """Return the boxes, relative to the picture, and classes of a scene."""
    return Truth(scene.boxes, scene.classes)


def detections(model, scenes: list[Scene], score_threshold: float = 0.01) -> list[Detections]:
    """Detect in scenes; boxes are relative to the picture, and many low scores are in, as average precision wants."""
    from utils.detection.heads import decode_head
    from utils.detection.nms import suppress
    from utils.models.six_kinds import ANCHORS

    found = []
    for start in range(0, len(scenes), 32):
        pictures = np.stack([scene.image for scene in scenes[start : start + 32]])
        for head in np.asarray(model.predict_on_batch(pictures.astype(np.float32) / 255)):
            found.append(suppress(decode_head(head, ANCHORS, score_threshold)))
    return found


def measure(model, scenes: list[Scene]) -> float:
    """Return the mean average precision at IoU .5 on scenes."""
    return mean_average_precision(detections(model, scenes), [truth_of(scene) for scene in scenes])


def _scenes(
    seen_things: bool, seen_backgrounds: bool, recipe: Recipe, count: int, seed: list[int]
) -> list[Scene]:
    train, test = load_cut_out_objects()
    things, classes = train if seen_things else test
    rng = np.random.default_rng(seed)
    return [compose_scene(_bank(seen_backgrounds), things, classes, rng, recipe) for _ in range(count)]


@cache
def _bank(seen: bool) -> np.ndarray:
    from utils.models.six_kinds import SIDE

    if seen:
        pictures = [photograph(name) for name in TRAIN_PHOTOGRAPHS]
        pictures += [painting(name) for name in TRAIN_PAINTINGS]
        pictures.append(load_tree_crowns()["yellowstone_1"][0])
    else:
        pictures = [photograph(name) for name in TEST_PHOTOGRAPHS]
    return background_bank(pictures, SIDE, CROPS_A_PICTURE * len(pictures), np.random.default_rng(int(seen)))


EXPERIMENT = Experiment(
    name="yolo-six-kinds",
    says="Our YOLOv2 for six kinds of things, on composed scenes.",
    minutes=18,
    parts={
        "YOLOv2": {
            "scenes": 3600,
            "steps": 360,
            "fine_steps": 900,
            "rate": 2e-3,
            "fine_rate": 5e-4,
            "dropout": 0.15,
            "seed": 1,
        }
    },
    work=work,
    seed=1,
    reports=True,
)
