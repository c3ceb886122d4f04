"""Solutions that are nearly the same under other names: something for a teacher to look at, never a verdict.

Fingerprints by winnowing (Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document fingerprinting",
SIGMOD 2003, section 4): of every ``WINDOW`` neighbouring hashes of ``GRAM`` tokens the smallest is kept, so that any
match of ``WINDOW + GRAM - 1`` tokens is found. What many solutions share is an idiom of the exercise, as in their
section 5.1, and does not count.
"""

import builtins
import io
import keyword
import re
import token
import tokenize
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from utils.grading.classroom.records import NotebookResult

GRAM = 6
WINDOW = 4
# Below this many fingerprints of its own (some 40 tokens, five lines), two people write the same by themselves.
SHORTEST = 15
# A copy with one of its 14 lines rewritten has .72; right answers written independently for the course's exercises have
# .41 at most.
ALIKE = 0.6
# More than this share of a class, and at least FEW people, writing the same shows that there is one way to write it.
COMMON = 0.1
FEW = 3
_MOST_COMMON = (
    25  # a posting list of the index is never longer: the work grows with the class, not with its square
)
_LONGEST = 50_000
_KEPT = frozenset(keyword.kwlist) | frozenset(dir(builtins))
_PASSED_OVER = frozenset({tokenize.COMMENT, tokenize.NL, token.NEWLINE, token.ENCODING, token.ENDMARKER})
_ROUGH = re.compile(
    r"(?P<name>[^\W\d]\w*)|(?P<number>\d[\w.]*)|(?P<text>\"[^\"\n]*\"|'[^'\n]*')|(?P<sign>[^\w\s])"
)


@dataclass(frozen=True)
class Cluster:
    """Students whose solutions are nearly the same.

    Attributes
    ----------
    week, notebook, exercise : str
        Of what.
    students : tuple of str
        Two or more, in order.
    similarity : float
        Smallest Jaccard similarity, 0 to 1, of the pairs that tie the cluster together.
    """

    week: str
    notebook: str
    exercise: str
    students: tuple[str, ...]
    similarity: float


def find_clusters(
    results: Sequence[NotebookResult], stubs: Mapping[tuple[str, str, str], str]
) -> list[Cluster]:
    """Find nearly identical solutions of each exercise.

    Parameters
    ----------
    results : sequence of NotebookResult
        Of the class.
    stubs : dict of str
        What was handed out, by week, notebook and exercise; its fingerprints do not count.

    Returns
    -------
    list of Cluster
        By week, notebook and exercise in the results' order; none of more than a tenth of the class (or three people).
    """
    texts: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    for result in results:
        for exercise, text in result.solutions.items():
            texts[result.week, result.notebook, exercise][result.student] = text
    return [
        Cluster(*place, students, similarity)
        for place, solutions in texts.items()
        for students, similarity in alike(solutions, stubs.get(place, ""))
    ]


def alike(solutions: Mapping[str, str], stub: str = "") -> list[tuple[tuple[str, ...], float]]:
    """Find nearly identical solutions of one exercise.

    Parameters
    ----------
    solutions : dict of str
        Code by student.
    stub : str
        What was handed out.

    Returns
    -------
    list of (tuple of str, float)
        Students, and the smallest similarity that ties them together; sorted.
    """
    given = fingerprints(stub)
    same_text: dict[str, list[str]] = defaultdict(list)
    for student, text in solutions.items():
        same_text[text].append(student)
    writers: dict[frozenset[int], list[str]] = defaultdict(list)
    for text, students in same_text.items():
        own = fingerprints(text) - given
        if len(own) >= SHORTEST:
            writers[own] += students
    distinct = sorted(writers, key=lambda prints: min(writers[prints]))
    most = max(FEW, int(COMMON * len(solutions)))
    index: dict[int, list[int]] = defaultdict(list)
    for number, prints in enumerate(distinct):
        for one in prints:
            index[one].append(number)
    rarest = min(max(FEW, int(COMMON * len(distinct))), _MOST_COMMON)
    index = {one: numbers for one, numbers in index.items() if len(numbers) <= rarest}
    rare = [sum(one in index for one in prints) for prints in distinct]
    groups = _tie(_similar_pairs(index, rare), len(distinct))
    found = []
    for members, similarity in groups:
        students = sorted(student for number in members for student in writers[distinct[number]])
        if 2 <= len(students) <= most and all(rare[number] >= SHORTEST for number in members):
            found.append((tuple(students), similarity))
    return sorted(found)


def _similar_pairs(index: Mapping[int, Sequence[int]], sizes: Sequence[int]) -> dict[tuple[int, int], float]:
    """Return the Jaccard similarity of each pair of solutions that is ``ALIKE``, from the index alone."""
    shared: Counter[tuple[int, int]] = Counter()
    for numbers in index.values():
        shared.update(combinations(numbers, 2))
    return {
        (one, other): similarity
        for (one, other), both in shared.items()
        if min(sizes[one], sizes[other]) >= SHORTEST
        and (similarity := both / (sizes[one] + sizes[other] - both)) >= ALIKE
    }


def _tie(pairs: Mapping[tuple[int, int], float], count: int) -> list[tuple[list[int], float]]:
    """Return the connected groups of solutions, single ones included, with their smallest similarity."""
    leader = list(range(count))

    def lead(number: int) -> int:
        while leader[number] != number:
            leader[number] = leader[leader[number]]
            number = leader[number]
        return number

    for one, other in pairs:
        leader[lead(one)] = lead(other)
    members: dict[int, list[int]] = defaultdict(list)
    for number in range(count):
        members[lead(number)].append(number)
    smallest = dict.fromkeys(members, 1.0)
    for (one, _), similarity in pairs.items():
        smallest[lead(one)] = min(smallest[lead(one)], similarity)
    return [(numbers, smallest[first]) for first, numbers in members.items()]


def fingerprints(text: str) -> frozenset[int]:
    """Return the winnowed hashes of a piece of code; names, numbers, texts, comments and line breaks do not matter."""
    tokens = normalised(text)
    grams = [
        zlib.crc32("\0".join(tokens[start : start + GRAM]).encode("utf-8", "surrogatepass"))
        for start in range(len(tokens) - GRAM + 1)
    ]
    if len(grams) < WINDOW:
        return frozenset(grams)
    return frozenset(min(grams[start : start + WINDOW]) for start in range(len(grams) - WINDOW + 1))


def normalised(text: str) -> list[str]:
    """Return the tokens of a piece of code with every name, number and text made the same.

    Keywords, built-in names and names after a dot stay: they cannot be renamed. Docstrings and comments go. Code that
    does not parse is split by a rougher rule.
    """
    text = text[:_LONGEST]
    try:
        read = [
            one
            for one in tokenize.generate_tokens(io.StringIO(text).readline)
            if one.type not in _PASSED_OVER or one.type == token.NEWLINE
        ]
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        return _roughly(text)
    tokens: list[str] = []
    fresh = True  # at the start of a statement, where a text alone is a docstring
    for place, one in enumerate(read):
        after = read[place + 1].type if place + 1 < len(read) else token.NEWLINE
        if one.type == token.NEWLINE:
            fresh = True
            continue
        if one.type == token.STRING and fresh and after == token.NEWLINE:
            continue
        if one.type in (token.INDENT, token.DEDENT):
            tokens.append(token.tok_name[one.type])
            continue
        fresh = False
        tokens.append(_same(one.type, one.string, tokens[-1] if tokens else ""))
    return tokens


def _same(kind: int, text: str, before: str) -> str:
    if kind == token.NAME:
        return text if text in _KEPT or before == "." else "name"
    if kind == token.NUMBER:
        return "0"
    return text if kind == token.OP else "text"


def _roughly(text: str) -> list[str]:
    kinds = {"name": token.NAME, "number": token.NUMBER, "text": token.STRING, "sign": token.OP}
    tokens: list[str] = []
    for line in text.splitlines():
        for found in _ROUGH.finditer(line.split("#", 1)[0]):
            tokens.append(
                _same(kinds[found.lastgroup or "sign"], found.group(), tokens[-1] if tokens else "")
            )
    return tokens
