"""How fast a face is looked up among many, and how fast the hardest triplets of a batch are found.

Run ``python benchmarks/faces.py [--json FILE] [--rounds N]``. Lookup: `FaceDatabase.search` for one face among so many
people, beside one read of the memory that their encodings fill, which nobody can do without, and beside faiss' flat
index. Mining: `hardest_triplets` for batches of four pictures a person, beside the same in TensorFlow (a `tf.function`)
and in PyTorch. faiss and PyTorch are not among the requirements; where one is missing, a row says so. One thread each;
all forms must agree before they are timed.
"""

import sys

from _threads import limit_threads

limit_threads(1)

from collections.abc import Callable
from importlib import import_module

import numpy as np
import tensorflow as tf
from timing import arguments, conclude, ratios

from utils.faces.database import FaceDatabase
from utils.faces.distances import l2_normalize
from utils.faces.mining import hardest_triplets

LENGTH, PICTURES = 128, 4
PEOPLE = (1_000, 10_000, 100_000, 1_000_000)
BATCHES = (256, 1_024)
# Times one read of the memory, at this many people; times the faster of TensorFlow and PyTorch.
SLOWEST_LOOKUP, AT_PEOPLE = 1.3, 100_000
SLOWEST_MINING = 1.2

Forms = dict[str, Callable[[], object]]


def optional(name: str):
    """Import a library that need not be there; None where it is not."""
    try:
        return import_module(name)
    except ImportError:
        return None


def random_encodings(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return encodings of length 1, (count, 128) float32."""
    return l2_normalize(rng.standard_normal((count, LENGTH), dtype=np.float32))


def measure_lookup(people: int, rounds: int) -> dict[str, list[float]]:
    rng = np.random.default_rng(0)
    known = random_encodings(people, rng)
    wanted = l2_normalize(known[people // 2] + 0.02 * rng.standard_normal(LENGTH, dtype=np.float32))
    numbers = known.ravel()
    with FaceDatabase(":memory:", LENGTH) as database:
        for row, encoding in enumerate(known):
            database.add(f"person {row}", encoding, "made up")
        forms: Forms = {
            "one read of the memory": lambda: numbers @ numbers,
            "ours": lambda: database.search(wanted),
        }
        nearest = [int(database.search(wanted)[0].name.split()[1])]
        faiss = optional("faiss")
        if faiss:
            index = faiss.IndexFlatL2(LENGTH)
            index.add(known)
            forms["faiss, flat index"] = lambda: index.search(wanted[None], 1)
            nearest.append(int(index.search(wanted[None], 1)[1][0, 0]))
        assert set(nearest) == {int(np.linalg.norm(known - wanted, axis=1).argmin())}
        return ratios(forms, "one read of the memory", rounds)


@tf.function
def tensorflow_triplets(x: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return the row of each anchor's farthest positive and nearest negative.

    ‖a − b‖² without ‖a‖², which is the same for a whole row: a pass less.
    """
    squares = tf.reduce_sum(x * x, axis=1) - 2 * tf.matmul(x, x, transpose_b=True)
    same = labels[:, None] == labels
    others = tf.linalg.set_diag(same, tf.zeros_like(labels, tf.bool))
    positive = tf.argmax(tf.where(others, squares, -np.inf), axis=1)
    return positive, tf.argmin(tf.where(same, np.inf, squares), axis=1)


def torch_triplets(torch, x, labels) -> tuple:
    """Do the same in PyTorch, in place where it can be."""
    with torch.inference_mode():
        squares = torch.addmm((x * x).sum(dim=1), x, x.T, alpha=-2)
        same = labels[:, None] == labels
        negative = squares.masked_fill(same, torch.inf).argmin(dim=1)
        squares.masked_fill_(~same, -torch.inf).fill_diagonal_(-torch.inf)
        return squares.argmax(dim=1), negative


def measure_mining(batch: int, rounds: int) -> dict[str, list[float]]:
    rng = np.random.default_rng(1)
    x, labels = (
        random_encodings(batch, rng),
        rng.permutation(np.repeat(np.arange(batch // PICTURES), PICTURES)),
    )
    tensors = tf.constant(x), tf.constant(labels)
    forms: Forms = {
        "ours": lambda: hardest_triplets(x, labels),
        "TensorFlow": lambda: [part.numpy() for part in tensorflow_triplets(*tensors)],
    }
    found = [forms["TensorFlow"]()]
    torch = optional("torch")
    if torch:
        torch.set_num_threads(1)
        copies = torch.from_numpy(x), torch.from_numpy(labels)
        forms["PyTorch"] = lambda: [part.numpy() for part in torch_triplets(torch, *copies)]
        found.append(forms["PyTorch"]())
    for peer in found:
        np.testing.assert_array_equal(hardest_triplets(x, labels)[:, 1:].T, peer)
    return ratios(forms, "ours", rounds)


def report(name: str, found: dict[str, list[float]], absent: dict[str, str]) -> None:
    """Print one measurement, with a row for each peer that is missing."""
    print(f"\n{name}: time over {next(iter(found))} (quartiles)")
    for form, (low, median, high) in found.items():
        print(f"  {form:<26}{median:.3f} ({low:.3f} to {high:.3f})")
    for form in absent:
        if not any(done.startswith(form) for done in found):
            print(f"  {form:<26}not installed (pip install {absent[form]})")


def main() -> int:
    given = arguments(__doc__.splitlines()[0], 30)
    lookups = {f"lookup among {people:,}": measure_lookup(people, given.rounds) for people in PEOPLE}
    minings = {f"mining in {batch:,}": measure_mining(batch, given.rounds) for batch in BATCHES}
    for name, found in lookups.items():
        report(name, found, {"faiss": "faiss-cpu"})
    for name, found in minings.items():
        report(name, found, {"PyTorch": "torch"})
    missed = []
    slowness = lookups[f"lookup among {AT_PEOPLE:,}"]["ours"][1]
    if slowness > SLOWEST_LOOKUP:
        missed.append(
            f"lookup: {slowness:.2f} times one read at {AT_PEOPLE:,} people, wanted {SLOWEST_LOOKUP}"
        )
    for name, found in minings.items():
        slowness = 1 / min(found[peer][1] for peer in found if peer != "ours")
        if slowness > SLOWEST_MINING:
            missed.append(f"{name}: {slowness:.2f} times the faster peer's time, wanted {SLOWEST_MINING}")
    return conclude({**lookups, **minings}, missed, given.json)


if __name__ == "__main__":
    sys.exit(main())
