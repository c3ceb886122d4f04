"""Practice questions: ``quiz.toml`` of a week folder holds them, a notebook asks them, nothing is graded."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from utils.exercises.index import NOTEBOOKS
from utils.grading.card import Card
from utils.grading.notebooks import course_root

PACKAGED = (
    "quizzes"  # folder of the package that holds the questions where the course's folders are not at hand
)


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes
    ----------
    key : str
        ``"<notebook id>-q<number>"``, for example ``"w1l1-q2"``.
    text : str
        What is asked.
    options : dict of str to str
        Letter and answer.
    answer : str
        The right letter.
    why : dict of str to str
        For every letter, why it is right or wrong.
    """

    key: str
    text: str
    options: dict[str, str]
    answer: str
    why: dict[str, str]


@cache
def read_quiz(path: Path) -> dict[str, Question]:
    """Read a week's ``quiz.toml``.

    Raises
    ------
    ValueError
        When a question lacks a part; the message names the question.
    """
    questions = {}
    for key, row in tomllib.loads(path.read_text(encoding="utf-8")).items():
        options, why = row.get("options", {}), row.get("why", {})
        if not row.get("question") or row.get("answer") not in options or set(why) != set(options):
            raise ValueError(
                f"{path.name}, {key}: needs question, options, an answer among them and a why for every option"
            )
        questions[key] = Question(key, row["question"], options, row["answer"], why)
    return questions


def find_question(key: str) -> Question:
    """Find a question by its key.

    Raises
    ------
    KeyError
        When there is no such question; the message lists those of the notebook.
    """
    notebook = key.split("-")[0]
    if notebook not in NOTEBOOKS:
        raise KeyError(f"question must start with a notebook's id ({', '.join(NOTEBOOKS)}), got {key!r}")
    week = NOTEBOOKS[notebook].week
    places = [course_root() / week / "quiz.toml", course_root() / "utils" / PACKAGED / f"{week}.toml"]
    questions = read_quiz(next((place for place in places if place.is_file()), places[0]))
    if key not in questions:
        known = [name for name in questions if name.startswith(notebook + "-")]
        raise KeyError(f"no question {key!r}; there are: {', '.join(known)}")
    return questions[key]


def check_answer(question: str, answer: str | None = None) -> Card:
    """Ask a practice question, or check the answer to it.

    Parameters
    ----------
    question : str
        The question's key, ``"w1l1-q2"``.
    answer : str, optional
        The letter you choose. Without one, the question is shown.
    """
    asked = find_question(question)
    if answer is None:
        letters = [f"`{letter}`  {text}" for letter, text in asked.options.items()]
        return Card("open", asked.text, [*letters, f'Answer with check_answer("{question}", "a").'])
    letter = str(answer).strip().lower()
    if letter not in asked.options:
        raise ValueError(f"answer must be one of {', '.join(asked.options)}, got {answer!r}")
    chosen = f"{letter}: {asked.options[letter]}"
    if letter == asked.answer:
        return Card("right", f"Yes. {chosen}", [asked.why[letter]])
    return Card("wrong", f"No. {chosen}", [asked.why[letter], "Choose again."])
