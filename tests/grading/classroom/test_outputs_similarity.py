"""Nearly identical solutions: found under every disguise, not cried where everybody writes the same."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.grading.classroom.made_up import result
from utils.grading.classroom.outputs import similarity
from utils.grading.classroom.outputs.similarity import FEW, alike, find_clusters, fingerprints, normalised

STUB = '''def conv(X, W, b, stride):
    """Convolve X with W.

    Much is said here.
    """
    raise NotImplementedError("conv is not done yet.")
'''
COPIED = '''def conv(X, W, b, stride):
    """Convolve X with W."""
    m, height, width, _ = X.shape
    size, _, _, channels = W.shape
    rows = (height - size) // stride + 1
    columns = (width - size) // stride + 1
    Z = np.zeros((m, rows, columns, channels))
    for i in range(m):
        for r in range(rows):
            for c in range(columns):
                window = X[i, r * stride : r * stride + size, c * stride : c * stride + size]
                for k in range(channels):
                    Z[i, r, c, k] = np.sum(window * W[..., k]) + float(b[..., k])
    return Z
'''
DISGUISED = """def conv(X, W, b, stride):
    # my own work, honestly
    n, h, w, _ = X.shape  # sizes
    f, _, _, ch = W.shape
    out_h = (h - f) // stride + 1

    out_w = (w - f) // stride + 1
    result = np.zeros((n, out_h, out_w, ch))
    for a in range(n):
        for y in range(out_h):
            for x in range(out_w):
                patch = X[a, y * stride : y * stride + f,
                          x * stride : x * stride + f]
                for q in range(ch):
                    result[a, y, x, q] = np.sum(patch * W[..., q]) + float(b[..., q])
    return result
"""
OTHER = """def conv(X, W, b, stride):
    size = W.shape[0]
    view = np.lib.stride_tricks.sliding_window_view(X, (size, size), axis=(1, 2))
    view = view[:, ::stride, ::stride]
    flat = view.transpose(0, 1, 2, 4, 5, 3).reshape(*view.shape[:3], -1)
    kernel = W.reshape(-1, W.shape[-1])
    out = flat @ kernel
    out += b.reshape(1, 1, 1, -1)
    if out.ndim != 4:
        raise ValueError("four axes are wanted")
    return np.ascontiguousarray(out)
"""
SHORT = "def conv(X, W, b, stride):\n    return np.sum(X * W) + b\n"


def different(number):
    """Return a solution that shares nothing but the signature with others."""
    random_ = random.Random(number)
    lines = ["def conv(X, W, b, stride):"]
    for place in range(12):
        names = [f"v{random_.randrange(9)}" for _ in range(4)]
        shape = random_.choice(
            [
                "{0} = {1}[{2}:{3}] {p} 1",
                "{0} = np.{q}({1}, {2}) {p} {3}",
                "{0}, {1} = {2}.{q}, -{3}",
                "{0} {p}= {1} if {2} else {3}",
                "{0} = [{1} {p} {2} for {2} in {3}.{q}]",
            ]
        )
        text = shape.format(
            *names, p=random_.choice("+-*/%"), q=random_.choice(["sum", "dot", "pad", "max", "T", "real"])
        )
        lines.append("    " + ("    " * (place % 3 == 2) and "if v0: ") + text)
    return "\n".join([*lines, "    return v0\n"])


def crowd(count):
    return {f"student-{number:04}": different(number) for number in range(count)}


def test_a_copy_is_found_under_other_names_comments_and_line_breaks():
    found = alike({**crowd(30), "ada": COPIED, "bob": DISGUISED, "eve": OTHER}, STUB)
    assert [students for students, _ in found] == [("ada", "bob")]
    assert found[0][1] > 0.9


def test_a_copy_with_a_line_changed_is_found():
    changed = COPIED.replace("float(b[..., k])", "b[0, 0, 0, k]")
    ((students, alikeness),) = alike({**crowd(30), "ada": COPIED, "bob": changed}, STUB)
    assert students == ("ada", "bob")
    assert 0.6 <= alikeness < 1


def test_what_everybody_writes_is_not_reported():
    honest = {f"student-{number}": COPIED if number % 2 else DISGUISED for number in range(40)}
    assert alike(honest, STUB) == []


def test_short_solutions_and_untouched_ones_are_not_reported():
    assert alike({"ada": SHORT, "bob": SHORT}, STUB) == []
    assert alike({"ada": STUB, "bob": STUB, "eve": STUB}, STUB) == []
    assert alike({"ada": "", "bob": ""}, "") == []


def test_what_the_stub_gives_does_not_count():
    filled = COPIED.replace("return Z", "return Z  # changed")
    assert alike({"ada": COPIED, "bob": filled}, COPIED) == []


def test_code_that_does_not_parse_is_compared_all_the_same():
    broken = COPIED.replace("np.zeros((m,", "np.zeros(((m,")
    renamed = DISGUISED.replace("np.zeros((n,", "np.zeros(((n,")
    ((students, _),) = alike({**crowd(30), "ada": broken, "bob": renamed}, STUB)
    assert students == ("ada", "bob")


@pytest.mark.parametrize("members", [2, FEW, 4, 10])
def test_a_group_in_a_large_class(members):
    copies = {f"copy-{number}": COPIED.replace("window", f"w{number}") for number in range(members)}
    ((students, alikeness),) = alike({**crowd(120), **copies}, STUB)
    assert (students, alikeness) == (tuple(sorted(copies)), 1.0)


def test_the_work_grows_with_the_class_and_not_with_its_square(monkeypatch):
    compared = []
    real = similarity.combinations

    def counted(numbers, two):
        pairs = list(real(numbers, two))
        compared.extend(pairs)
        return pairs

    monkeypatch.setattr(similarity, "combinations", counted)
    solutions = crowd(600)
    alike(solutions, STUB)
    each = max(len(fingerprints(text)) for text in solutions.values())
    assert len(compared) <= 600 * each * 12  # a fingerprint that more than 25 share is not looked at
    assert len(set(compared)) < 600 * 599 / 2 / 4


def test_clusters_say_where_they_are():
    solutions = {"ada": COPIED, "bob": DISGUISED, "eve": OTHER}
    results = [result(student, solutions={"zero_pad": text}) for student, text in solutions.items()]
    (cluster,) = find_clusters(results, {})
    assert (cluster.week, cluster.notebook, cluster.exercise) == (results[0].week, "w1l2", "zero_pad")
    assert cluster.students == ("ada", "bob")


@given(
    st.text(max_size=300)
    | st.sampled_from([COPIED, STUB, "def f(:\n  x = '''", "\x00", "\t\n \x0c", "x" * 99_999, "(" * 5000])
)
def test_any_text_has_fingerprints(text):
    assert fingerprints(text) == fingerprints(text)
    assert all(normalised(text))


@given(st.permutations(sorted({**crowd(6), "ada": COPIED, "bob": DISGUISED}.items())))
def test_the_order_of_students_does_not_matter(items):
    assert alike(dict(items), STUB) == alike(dict(sorted(items)), STUB)


def test_attributes_and_built_ins_cannot_be_renamed():
    assert normalised("total = np.sum(range(3))") == [
        "name",
        "=",
        "name",
        ".",
        "sum",
        "(",
        "range",
        "(",
        "0",
        ")",
        ")",
    ]
    assert normalised('"""Said."""\nreturn "x"') == ["return", "text"]
