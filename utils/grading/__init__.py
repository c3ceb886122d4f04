"""Checking what learners write. Notebooks import from here."""

from utils.grading.check import check, hint, passed, solution
from utils.grading.quiz import check_answer

__all__ = ["check", "check_answer", "hint", "passed", "solution"]
