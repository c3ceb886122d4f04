"""Practice questions: each wrong option has its own why; each lesson asks three to five of them."""

import re

import pytest

from utils.exercises.index import NOTEBOOKS
from utils.grading import check_answer
from utils.grading.notebooks import course_root, notebook_path, read_cells
from utils.grading.quiz import read_quiz

WEEKS = sorted({row.week for row in NOTEBOOKS.values()})
LESSONS = [name for name in NOTEBOOKS if re.fullmatch(r"w\dl\d", name)]
QUESTIONS = [
    question for week in WEEKS for question in read_quiz(course_root() / week / "quiz.toml").values()
]


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_lesson_asks_its_questions(lesson):
    keys = [question.key for question in QUESTIONS if question.key.startswith(f"{lesson}-")]
    assert 3 <= len(keys) <= 5
    cells = [cell.source for cell in read_cells(notebook_path(lesson)) if cell.kind == "code"]
    assert [key for key in keys if any(f'check_answer("{key}"' in cell for cell in cells)] == keys


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.key)
def test_every_option_has_its_own_why(question):
    assert question.key.split("-")[0] in LESSONS
    assert len(question.options) >= 3
    assert len(set(question.options.values())) == len(question.options)
    assert len(set(question.why.values())) == len(question.why)
    assert all(len(text.split()) >= 4 for text in question.why.values())


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.key)
def test_answers_are_told_apart(question):
    assert check_answer(question.key).heading == question.text
    for letter in question.options:
        card = check_answer(question.key, f" {letter.upper()} ")
        assert card.kind == ("right" if letter == question.answer else "wrong")
        assert question.why[letter] in card.lines


def test_the_right_letter_is_not_always_the_same():
    answers = [question.answer for question in QUESTIONS]
    assert max(map(answers.count, answers)) <= 0.6 * len(answers)


def test_an_answer_that_is_no_option():
    with pytest.raises(ValueError, match="answer must be one of a, b"):
        check_answer(QUESTIONS[0].key, "z")


@pytest.mark.parametrize("key", ["w9l1-q1", "sobel", "w1l1-q99"])
def test_a_question_that_does_not_exist(key):
    with pytest.raises(KeyError, match=r"there are|must start with"):
        check_answer(key)


def test_a_quiz_with_a_missing_why_is_refused(tmp_path):
    path = tmp_path / "quiz.toml"
    path.write_text('["w1l1-q1"]\nquestion="?"\nanswer="a"\noptions={a="1",b="2"}\nwhy={a="yes"}\n')
    with pytest.raises(ValueError, match="w1l1-q1: needs question, options"):
        read_quiz(path)
