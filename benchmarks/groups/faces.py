"""Looking a face up among many, and finding the hardest triplets of a batch.

Lookup stands beside one read of the memory that the encodings fill, which nobody can do without, and beside faiss'
exact index, both by its own loops, which it takes for a single face, and by the BLAS. Mining stands beside TensorFlow,
PyTorch and the matrix product of all encodings with all.
"""

import sqlite3
import tempfile
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np
import tensorflow as tf

from benchmarks.cases import Case, Form, Missing, Work
from benchmarks.peers import SGEMM, multiplications, optional, torch_on
from utils.faces.database import FaceDatabase
from utils.faces.distances import l2_normalize
from utils.faces.mining import hardest_triplets

LENGTH, PICTURES = 128, 4
ONE_READ = "one read of the encodings"
FAISS, FAISS_BLAS = "faiss, exact index", "faiss, exact index by BLAS"
TENSORFLOW, TORCH = "TensorFlow", "PyTorch"
_NO_BLAS = 20  # faiss' own setting: from so many faces at a time on it calls the BLAS


def random_encodings(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return encodings of length 1, (count, 128) float32."""
    return l2_normalize(rng.standard_normal((count, LENGTH), dtype=np.float32))


def lookup(people: int) -> Work:
    """Prepare the search of one face among so many people."""
    rng = np.random.default_rng(0)
    known = random_encodings(people, rng)
    wanted = l2_normalize(known[people // 2] + 0.02 * rng.standard_normal(LENGTH, dtype=np.float32))
    numbers = known.ravel()
    place = tempfile.TemporaryDirectory(prefix="bench-faces-")
    database = filled_database(Path(place.name, "people.db"), known)
    nearest = int(np.linalg.norm(known - wanted, axis=1).argmin())
    assert database.search(wanted)[0].name == f"person {nearest}"
    return Work(
        Form(lambda: database.search(wanted)),
        faiss_forms(known, wanted, nearest),
        {ONE_READ: Form(lambda: numbers @ numbers)},
        close=lambda: (database.close(), place.cleanup()),
    )


def filled_database(path: Path, known: np.ndarray) -> FaceDatabase:
    """Store everybody in one transaction: to make one a person is safe, and takes minutes for a million."""
    database = FaceDatabase(path, LENGTH)
    rows = ((f"person {row}", encoding.tobytes(), "now", "made up") for row, encoding in enumerate(known))
    with sqlite3.connect(path) as connection:
        connection.executemany(
            "INSERT INTO encodings (name, encoding, added, consent) VALUES (?, ?, ?, ?)", rows
        )
    connection.close()
    return database


def faiss_forms(known: np.ndarray, wanted: np.ndarray, nearest: int) -> dict[str, Form | Missing]:
    """Return faiss' exact search, without the BLAS and with it."""
    faiss = optional("faiss")
    if isinstance(faiss, Missing):
        return {FAISS: faiss, FAISS_BLAS: faiss}
    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatL2(LENGTH)
    index.add(known)
    forms = {
        name: partial(faiss_search, faiss, index, wanted[None], least)
        for name, least in ((FAISS, _NO_BLAS), (FAISS_BLAS, 1))
    }
    for name, form in forms.items():
        assert int(form()[1][0, 0]) == nearest, name
    return {name: Form(form) for name, form in forms.items()}


def faiss_search(faiss: ModuleType, index: object, wanted: np.ndarray, least: int) -> tuple:
    """Search with the BLAS from `least` faces at a time on; afterwards faiss' own setting holds again."""
    faiss.cvar.distance_compute_blas_threshold = least
    try:
        return index.search(wanted, 1)
    finally:
        faiss.cvar.distance_compute_blas_threshold = _NO_BLAS


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


def torch_triplets(torch: ModuleType, x: object, labels: object) -> tuple:
    """Do the same in PyTorch, in place where it can be."""
    with torch.inference_mode():
        squares = torch.addmm((x * x).sum(dim=1), x, x.T, alpha=-2)
        same = labels[:, None] == labels
        negative = squares.masked_fill(same, torch.inf).argmin(dim=1)
        squares.masked_fill_(~same, -torch.inf).fill_diagonal_(-torch.inf)
        return squares.argmax(dim=1), negative


def mining(batch: int) -> Work:
    """Prepare a batch with four pictures a person."""
    rng = np.random.default_rng(1)
    x = random_encodings(batch, rng)
    labels = rng.permutation(np.repeat(np.arange(batch // PICTURES), PICTURES))
    tensors = tf.constant(x), tf.constant(labels)
    peers: dict[str, Form | Missing] = {TENSORFLOW: Form(lambda: tensorflow_triplets(*tensors))}
    torch = torch_on(1)
    if isinstance(torch, Missing):
        peers[TORCH] = torch
    else:
        copies = torch.from_numpy(x), torch.from_numpy(labels)
        peers[TORCH] = Form(lambda: torch_triplets(torch, *copies))
    wanted = hardest_triplets(x, labels)[:, 1:].T
    for form in peers.values():
        if isinstance(form, Form):
            np.testing.assert_array_equal(np.array([np.asarray(part) for part in form.call()]), wanted)
    return Work(Form(lambda: hardest_triplets(x, labels)), peers, {SGEMM: multiplications(batch**2 * LENGTH)})


def among(people: int, at_most: float | None = None, budget: float = 3.0) -> Case:
    """Return the lookup among so many people."""
    return Case(
        f"lookup among {people:,}",
        f"the nearest of {people:,} encodings of length {LENGTH}",
        partial(lookup, people),
        {} if at_most is None else {ONE_READ: at_most},
        series="people",
        size=people,
        budget=budget,
    )


def batch_of(pictures: int, at_most: float | None = None) -> Case:
    """Return the mining of so many pictures."""
    return Case(
        f"mining in {pictures:,}",
        f"the hardest triplets of {pictures:,} encodings, {PICTURES} a person",
        partial(mining, pictures),
        {} if at_most is None else {TENSORFLOW: at_most, TORCH: at_most},
        series="pictures of the batch",
        size=pictures,
        budget=3.0,
    )


CASES = [
    among(1_000),
    among(10_000),
    among(100_000, at_most=1.2),
    among(1_000_000),
    batch_of(128),
    batch_of(256, at_most=1.2),
    batch_of(512),
    batch_of(1_024, at_most=1.2),
]
