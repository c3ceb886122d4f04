"""A DCGAN of digits with each trick of the recipe left out in turn, one that collapses, and one that plays on.

What lesson 8 of week 4 draws. The first part trains the classifier that judges the others, the last one the generator
that is bundled; both leave their weights as ``weights.h5``.
"""

import base64
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.experiments.experiment import Experiment, Report, Row

if TYPE_CHECKING:
    import keras

BATCH = 32
STEPS, COLLAPSE_STEPS, LONG_STEPS = 1200, 600, 6000
SAMPLES = 1000
KEPT = 12  # pictures of each look that the log holds
LATENTS_SEED = 7
SEEDS = (1, 2)
# What a part does otherwise than the full recipe.
TRICKS: dict[str, dict[str, Any]] = {
    "full recipe": {},
    "no batch norm": {"normalise": False},
    "label 1": {"real_label": 1.0},
    "plain ReLU": {"slope": 0.0},
    "no dropout": {"dropout": 0.0},
    "data in [0, 1]": {"unit": True},
    "minimax loss": {"minimax": True},
    "slow discriminator": {"rates": [1e-3, 2e-4]},
}
COLLAPSE = {"normalise": False, "rates": [5e-3, 1e-4]}


def work(part: Mapping[str, Any], folder: Path, report: Report) -> Row:
    """Train the judge, or let a generator and a discriminator play and look at what is made.

    Parameters
    ----------
    part : mapping
        ``seed``; of a game also ``steps``, ``look_every`` and ``otherwise``, one of :data:`TRICKS` or the like.
    folder : Path
        Checkpoints and what was seen at each look.
    report : callable
        Told how far the training is.

    Returns
    -------
    dict
        Of the judge: ``accuracy`` on the test digits. Of a game: ``curve`` (losses, averaged between the points),
        ``looks`` (a dict each: ``step``; ``sure``, ``score``, ``entropy`` and ``shares`` of
        :class:`utils.models.sample_quality.Quality`; ``distance``, the mean between pairs), ``pictures`` (the same
        latent vectors at each look, as :func:`unpack_pictures` reads them), ``training_seconds`` and ``resumed_at``.
    """
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(part["seed"])
    return train_judge(folder) if "steps" not in part else play(part, folder, report)


def train_judge(folder: Path) -> Row:
    """Train the classifier of digits and leave its weights."""
    from utils.data import load_mnist
    from utils.models.sample_quality import digit_judge

    (x, y), (x_test, y_test) = load_mnist()
    x, x_test = (pictures[..., None].astype("float32") / 255 for pictures in (x, x_test))
    model = digit_judge(None)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=64, epochs=10, verbose=0)
    save_weights(model, folder / "weights.h5")
    return {"accuracy": round(model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"], 4)}


def play(part: Mapping[str, Any], folder: Path, report: Report) -> Row:
    """Let both networks play, look at the generator now and then, and leave its weights."""
    from utils.data import load_mnist
    from utils.experiments.stepwise import Plan, train_stepwise
    from utils.models import dcgan

    otherwise, seed, steps = dict(part["otherwise"]), part["seed"], part["steps"]
    (digits, _), _ = load_mnist()
    real = digits[..., None].astype("float32") / 255
    real = real if otherwise.pop("unit", False) else 2 * real - 1
    network = {name: otherwise.pop(name) for name in ("slope", "dropout") if name in otherwise}
    game = dcgan.Game(
        dcgan.generator(normalise=otherwise.pop("normalise", True)),
        dcgan.discriminator(**network),
        tuple(otherwise.pop("rates", dcgan.RATES)),
        **otherwise,
    )

    def batch(step: int):
        rng = np.random.default_rng([seed, step])
        rows = rng.integers(0, len(real), BATCH)
        return real[rows], rng.normal(size=(BATCH, dcgan.LATENT)).astype(np.float32)

    def look(step: int) -> dict[str, float]:
        if step % part["look_every"]:
            return {}
        pictures = dcgan.made_pictures(game.generator, dcgan.latent_vectors(SAMPLES, LATENTS_SEED))
        # What is meant as [0, 1] comes as if it were [-1, 1].
        pictures = np.clip(2 * pictures - 1, 0, 1) if part["otherwise"].get("unit") else pictures
        np.save(folder / f"look-{step}.npy", np.rint(255 * pictures).astype(np.uint8))
        return {}

    folder.mkdir(parents=True, exist_ok=True)
    plan = Plan(steps, record_every=50, save_every=part["look_every"])
    progress = train_stepwise(game, batch, plan, folder, report, look)
    save_weights(game.generator, folder / "weights.h5")
    looks = {
        step: np.load(folder / f"look-{step}.npy")
        for step in range(part["look_every"], steps + 1, part["look_every"])
    }
    return {
        "curve": {name: progress.curve[name] for name in ("recorded_step", "discriminator", "generator")},
        "looks": [{"step": step, **measure(pictures)} for step, pictures in looks.items()],
        "pictures": {str(step): pack_pictures(pictures[:KEPT]) for step, pictures in looks.items()},
        "training_seconds": progress.training_seconds,
        "resumed_at": progress.resumed_at,
    }


def measure(pictures: np.ndarray) -> dict[str, Any]:
    """Judge made digits, uint8 (n, 28, 28); see :func:`work` for what comes back."""
    from utils.models.sample_quality import digit_judge, judge_samples, pairwise_distance

    unit = pictures.astype(np.float32) / 255
    quality = judge_samples(digit_judge().predict(unit[..., None], 250, verbose=0))
    return {
        "sure": round(quality.sure, 4),
        "score": round(quality.score, 3),
        "entropy": round(quality.entropy, 3),
        "shares": [round(share, 4) for share in quality.shares],
        "distance": round(pairwise_distance(unit), 3),
    }


def save_weights(model: "keras.Model", path: Path) -> None:
    """Write weights as `utils.models.weights.load_weights` reads them, kernels as float16."""
    from utils.data.arrays import write_arrays
    from utils.data.compact import halve_kernels

    weights = {
        f"{layer.name}/{variable.name}": np.asarray(variable)
        for layer in model.layers
        for variable in layer.weights  # without the state of the dropout's random numbers
    }
    write_arrays(path, halve_kernels(weights))


def pack_pictures(pictures: np.ndarray) -> str:
    """Write pictures of 28 × 28 as text, in 16 levels of grey, so that a log stays small.

    Parameters
    ----------
    pictures : ndarray, (n, 28, 28)
        uint8.
    """
    levels = np.rint(np.asarray(pictures) / 17.0).astype(np.uint8)
    return base64.b85encode(zlib.compress(levels.tobytes(), 9)).decode("ascii")


def unpack_pictures(text: str) -> np.ndarray:
    """Return what :func:`pack_pictures` wrote: float32 in [0, 1], (n, 28, 28)."""
    levels = np.frombuffer(zlib.decompress(base64.b85decode(text)), np.uint8)
    return levels.reshape(-1, 28, 28).astype(np.float32) / 15


def rows_of(rows: Sequence[Row], trick: str) -> list[Row]:
    """Return the parts of a run that played in this way, one a seed."""
    return [row for row in rows if row["part"].split(", seed")[0] == trick]


def _game(steps: int, look_every: int, seed: int, otherwise: dict[str, Any]) -> dict[str, Any]:
    return {"steps": steps, "look_every": look_every, "seed": seed, "otherwise": otherwise}


EXPERIMENT = Experiment(
    name="dcgan-digits",
    says="A DCGAN of digits with each trick left out in turn, one that collapses, and one that plays on.",
    minutes=10,
    parts={
        "judge": {"seed": 0},
        "long": _game(LONG_STEPS, 1000, 1, {}),
        "collapsed": _game(COLLAPSE_STEPS, 100, 1, COLLAPSE),
        **{
            f"{trick}, seed {seed}": _game(STEPS, 400, seed, otherwise)
            for seed in SEEDS
            for trick, otherwise in TRICKS.items()
        },
    },
    work=work,
    seed=SEEDS[0],
    reports=True,
)
