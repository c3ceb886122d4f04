"""What handing in late costs: a rule, the time that work was due and the time that it came; in exact decimals."""

import math
import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from nbgrader.utils import parse_utc

_AMOUNT = r"(\d{1,4}(?:\.\d{1,4})?)\s*(%|points?)"
_RULE = re.compile(rf"{_AMOUNT}\s*/\s*day(?:\s*,\s*max\s*=\s*{_AMOUNT})?", re.ASCII)
_DAY = timedelta(days=1)
_LONGEST_TIMESTAMP = 200


@dataclass(frozen=True)
class LateRule:
    """What each started day costs.

    Attributes
    ----------
    a_day : Decimal
        Percent of the points that the week is worth, or points.
    most : Decimal or None
        The most that being late can cost, in the same unit.
    percent : bool
        Which unit it is.
    """

    a_day: Decimal
    most: Decimal | None = None
    percent: bool = True

    def penalty(self, days: int, points: Decimal, max_points: Decimal) -> Decimal:
        """Return what is taken away, rounded to hundredths of a point, never more than was earned.

        Parameters
        ----------
        days : int
            Started days after the due time.
        points, max_points : Decimal
            Earned in the week, and what the week is worth.
        """
        amount = self.a_day * days
        if self.most is not None:
            amount = min(amount, self.most)
        if self.percent:
            amount = amount * max_points / 100
        return min(amount, points).quantize(Decimal("0.01"), ROUND_HALF_UP)


def parse_rule(text: str) -> LateRule:
    """Read a rule such as ``10%/day``, ``10%/day,max=50%`` or ``2points/day``.

    Percent are of the points that the week is worth, as in Canvas' late policy, and every started day counts.

    Raises
    ------
    ValueError
        When it is not such a rule.
    """
    found = _RULE.fullmatch(text.strip())
    wanted = "wanted AMOUNT/day or AMOUNT/day,max=AMOUNT, as in 10%/day, 10%/day,max=50% or 2points/day"
    if not found:
        raise ValueError(f"the late penalty must be a rule: got {text!r}, {wanted}")
    amount, unit, most, most_unit = found.groups()
    if most and (most_unit == "%") != (unit == "%"):
        raise ValueError(f"the late penalty must have one unit: got {text!r}, {wanted}")
    rule = LateRule(Decimal(amount), Decimal(most) if most else None, unit == "%")
    if rule.percent and max(rule.a_day, rule.most or Decimal(0)) > 100:
        raise ValueError(f"the late penalty must be at most 100%: got {text!r}, {wanted}")
    return rule


@dataclass(frozen=True)
class Deadlines:
    """When each week's work is due.

    Attributes
    ----------
    everywhere : datetime or None
        For each week that has no time of its own.
    weeks : dict of str to datetime
        Due time by week folder.
    """

    everywhere: datetime | None = None
    weeks: Mapping[str, datetime] = field(default_factory=dict)

    def of(self, week: str) -> datetime | None:
        """Return when a week is due, None where it never is."""
        return self.weeks.get(week, self.everywhere)


def parse_due(values: Sequence[str]) -> Deadlines:
    """Read due times: ``2026-11-30T23:59`` for every week, ``week1_conv_basics=2026-11-30T23:59`` for one.

    A time without an offset from UTC is in the time zone of this machine.

    Raises
    ------
    ValueError
        When a value is not a time, or a week has two.
    """
    times: dict[str, datetime] = {}
    for value in values:
        week, _, text = value.rpartition("=")
        try:
            time = datetime.fromisoformat(text.strip()).astimezone(UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise ValueError(
                f"a due time must be a date and time: got {value!r}, "
                "wanted one such as 2026-11-30T23:59, 2026-11-30T23:59+01:00 or WEEK=2026-11-30T23:59"
            ) from error
        if week.strip() in times:
            raise ValueError(f"due times must differ in their week: got a second one, {value!r}")
        times[week.strip()] = time
    return Deadlines(times.pop("", None), times)


def days_late(submitted: datetime | None, due: datetime | None) -> int:
    """Return the started days between the due time and the submission; 0 where either is not known."""
    if submitted is None or due is None or submitted <= due:
        return 0
    return math.ceil((submitted - due) / _DAY)


def submission_time(folder: Path) -> datetime | None:
    """Return when a week's folder was handed in.

    The time in ``timestamp.txt``, which nbgrader's exchange writes, counts; where there is none that can be read, the
    latest modification of a notebook in the folder. Links are not followed. Either can be set by whoever made the
    folder: it is as true as the way that the submissions were collected.

    Parameters
    ----------
    folder : Path
        A student's folder of a week.

    Returns
    -------
    datetime or None
        In UTC; None where there is neither.
    """
    said = _timestamp(folder / "timestamp.txt")
    if said is not None:
        return said
    try:
        with os.scandir(folder) as entries:
            times = [
                entry.stat(follow_symlinks=False).st_mtime
                for entry in entries
                if entry.name.endswith(".ipynb") and entry.is_file(follow_symlinks=False)
            ]
    except OSError:
        return None
    try:
        return datetime.fromtimestamp(max(times), UTC) if times else None
    except (ValueError, OverflowError, OSError):
        return None


def _timestamp(path: Path) -> datetime | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        content = file.read(_LONGEST_TIMESTAMP + 1)
    try:
        text = content.decode("ascii").strip()
        if not re.match(r"\d{4}-\d\d-\d\d", text) or len(content) > _LONGEST_TIMESTAMP:
            return None
        # nbgrader's reader takes a numeric offset that stands alone for a number of seconds.
        return parse_utc(re.sub(r" ([+-]\d\d):?(\d\d)$", r"\1:\2", text)).replace(tzinfo=UTC)
    except Exception:  # whatever dateutil makes of a text that a student may have written
        return None
