"""Which files of the package may lie where a learner's code runs: a student's computer, a grading sandbox."""

from pathlib import Path

# Below the course's root. A folder stands for everything in it.
PRIVATE = (
    "utils/answers",
    "utils/cli.py",
    "utils/course",
    "utils/gate",
    "utils/grading/classroom",
    "utils/grading/compare.py",
    "utils/grading/judge.py",
    "utils/grading/sandbox",
)


def public_files(root: Path) -> list[Path]:
    """List the files of ``utils`` that hold no answer and that notebooks can need.

    Parameters
    ----------
    root : Path
        The course: the folder that holds ``utils``.

    Returns
    -------
    list of Path
        Python files relative to ``root``, sorted; the data in ``root/data`` is public too, but not listed.

    Raises
    ------
    FileNotFoundError
        When there is no package ``utils`` in ``root``.
    """
    if not (root / "utils" / "__init__.py").is_file():
        raise FileNotFoundError(f"root must be the folder that holds the package utils, got {root}")
    private = [Path(place) for place in PRIVATE]
    found = (path.relative_to(root) for path in (root / "utils").rglob("*.py"))
    return sorted(path for path in found if not any(path.is_relative_to(place) for place in private))
