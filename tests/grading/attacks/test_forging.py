"""Attacks on the messages: a student's process finds the pipe to the grader and writes into it what it likes."""

import pytest

from tests.grading.attacks.ground import Attack, assert_gains_nothing, code
from utils.grading.classroom.records import Limits

# Every descriptor that is a pipe, and a writer of messages with any header and any body.
TOOLS = code("""
import json, os, stat, struct
PIPES = [n for n in range(256) if os.path.exists(f"/proc/self/fd/{n}") and stat.S_ISFIFO(os.fstat(n).st_mode)]
def raw(data):
    for n in PIPES:
        try:
            os.set_blocking(n, True)
            view = memoryview(data)
            while view:
                view = view[os.write(n, view):]
        except OSError:
            pass
def message(header, body=b"", size=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    raw(struct.pack("<IQ", len(text), len(body) if size is None else size) + text + body)
def outcome(table, body=b"", size=None, **more):
    said = {"trouble": "", "message": "", "error": "", "trace": "", "used": [], **more}
    message({**said, "arrays": table}, body, size)
""")
# Name, why, and what is written when the function is called first.
FORGED = (
    (
        "a right answer's frame",
        "trouble is empty, so it must be right",
        "outcome([], passed=True, points=3, score=1)",
    ),
    (
        "many frames ahead",
        "every later case is answered before it is asked",
        "for _ in range(99): outcome([])",
    ),
    (
        "a result of zeros",
        "of a shape that fits",
        'outcome([["result", "<f8", list(X.shape)]], bytes(8 * X.size))',
    ),
    (
        "a header of four gigabytes",
        "it is read before anything is checked",
        'raw(struct.pack("<IQ", 2**32 - 1, 0))',
    ),
    ("a body of an exabyte", "room is made before it comes", 'message({"arrays": []}, b"", 2**60)'),
    (
        "a header that says more than comes",
        "who waits for the rest waits for ever",
        'raw(struct.pack("<IQ", 999, 0))',
    ),
    ("no JSON", "a parser's error ends the grader", 'message(b"\\xff{nonsense")'),
    ("a JSON number", "it has no fields", 'message(b"3")'),
    ("a JSON list", "its pop takes other arguments", 'message(b"[1, 2]")'),
    ("brackets without an end", "a parser's stack is limited", 'message(b"[" * 900_000)'),
    (
        "a number with a million digits",
        "turning it into a number takes minutes",
        'message(b\'{"arrays": \' + b"9" * 900_000 + b"}")',
    ),
    ("no arrays", "a missing key", 'message({"trouble": ""})'),
    ("arrays that are none", "rows of the wrong length", 'outcome([["result"], 3, None, "abc"])'),
    ("a negative side", "memory before the array", 'outcome([["result", "<f8", [-1, 4]]], bytes(32))'),
    (
        "sides beyond all numbers",
        "their product overflows to something small",
        'outcome([["result", "<f8", [2**40, 2**40, 0]]])',
    ),
    (
        "sides beside an empty one",
        "nothing to read, but a shape that cannot be made",
        'outcome([["result", "<f8", [0, 10**30]]])',
    ),
    (
        "true for a side",
        "booleans are whole numbers in Python",
        'outcome([["result", "<f8", [True]]], bytes(8))',
    ),
    ("sixty-five sides", "more than NumPy can have", 'outcome([["result", "<f8", [1] * 65]], bytes(8))'),
    (
        "Python objects",
        "their bytes are addresses in the grader",
        'outcome([["result", "|O", [1]]], bytes(8))',
    ),
    ("a record", "names and offsets of its own", 'outcome([["result", [["a", "<f8"]], [1]]], bytes(8))'),
    (
        "a kind that is code",
        "kinds are evaluated",
        'outcome([["result", "__import__(\\"os\\").abort()", [1]]], bytes(8))',
    ),
    ("text of no width", "a division by zero", 'outcome([["result", "<U0", [9]]])'),
    (
        "text beyond Unicode",
        "characters that no string can hold",
        'outcome([["result", "<U1", [1]]], b"\\xff" * 4)',
    ),
    ("bytes left over", "they are read as the next message", 'outcome([["result", "|u1", [1]]], bytes(99))'),
    (
        "a wrong kind of trouble",
        "lists are truthy",
        'outcome([], trouble=["", 0], message={}, error=3, trace=None)',
    ),
    ("a trouble of its own", "unknown words are passed on", 'outcome([], trouble="correct")'),
    ("absent", "as if there were no such function", 'outcome([], trouble="absent")'),
    ("used that is none", "a teacher's page shows it", 'outcome([], used=[{}, ["<script>"], None, 3] * 99)'),
    (
        "not a number for a header",
        "JSON of Python allows NaN",
        'message(b\'{"arrays": [], "trouble": NaN, "ok": Infinity}\')',
    ),
    (
        "surrogates",
        "text that no file can hold",
        'outcome([], trouble="raised", error="\\ud800", message="\\udfff", trace="\\ud800")',
    ),
)
BANK = [
    Attack(
        name,
        why,
        TOOLS + f"\ndef zero_pad(X, pad):\n    {written}\n    return X",
        status=("graded", "crashed", "timeout", "failed"),
        rest=False,
    )
    for name, why, written in FORGED
]
ENDLESS = [
    Attack(
        "an endless stream",
        "the grader reads until its memory is full",
        TOOLS
        + "\ndef zero_pad(X, pad):\n    message({'arrays': []}, b'', 1 << 25)\n    while True: raw(bytes(1 << 16))",
        status=("crashed", "timeout"),
        rest=False,
    ),
    Attack(
        "a byte now and then",
        "whoever waits for the rest of a message looks after nothing else",
        TOOLS
        + "\n"
        + code("""
        import time
        def zero_pad(X, pad):
            raw(struct.pack("<IQ", 900, 0))
            hoard = []
            while True:
                raw(b" ")
                hoard.append(np.ones(20 << 20, np.uint8))
                time.sleep(0.02)
        """),
        status=("crashed", "timeout"),
        rest=False,
    ),
    Attack(
        "nobody reads",
        "a pipe that is full stops its writer",
        TOOLS + "\nimport time\ndef zero_pad(X, pad):\n    outcome([])\n    time.sleep(600)",
        status=("crashed", "timeout"),
    ),
    Attack(
        "descriptors closed",
        "a judge that gets no answer may believe the last one",
        "import os\ndef zero_pad(X, pad):\n    os.closerange(0, 256)\n    return X",
        status=("crashed", "graded"),
    ),
    Attack(
        "descriptors exchanged",
        "answers go into a file, questions come from another",
        code("""
        import os
        nowhere = os.open("/dev/null", os.O_RDWR)
        def zero_pad(X, pad):
            for n in range(256):
                if n != nowhere:
                    os.dup2(nowhere, n)
            return X
        """),
        status=("crashed", "timeout"),
    ),
]


@pytest.mark.parametrize("attack", BANK, ids=lambda attack: attack.name)
def test_a_forged_message_gets_no_points(attack, short_exercises):
    assert_gains_nothing(attack)


@pytest.mark.parametrize("attack", ENDLESS, ids=lambda attack: attack.name)
def test_a_broken_line_ends_the_box_and_nothing_else(attack, short_exercises):
    assert_gains_nothing(attack, limits=Limits(memory_mb=1024))


def test_a_frame_ahead_does_not_answer_for_another_exercise(short_exercises):
    """Frames from a cell are taken for the cell's own reply at most."""
    cells = (TOOLS, "for _ in range(30):\n    outcome([['result', '|u1', []]], b'1', ok=True)")
    assert_gains_nothing(Attack("ahead", "", cells=cells, status=("graded", "crashed", "failed"), rest=False))
