"""Foreign text made harmless: names of folders that anybody may have chosen, sentences that students influence."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

# Control characters, line separators, direction overrides and halves of surrogate pairs (undecodable file names).
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_TERMINAL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")
# Full-width signs start a formula in East Asian editions of spreadsheets. A spreadsheet that splits at semicolons or
# tabs makes a cell of what follows one.
_FORMULA = re.compile(r"(^|[,;|])(?=\s*[=+\-@＝＋－＠])")
_LONGEST_NAME = 80
_LONGEST_PROSE = 10_000
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


def printable(name: str) -> str:
    """Return a name on one line, as UTF-8 can hold it: what cannot be printed is written as an escape.

    A backslash is doubled, so that different names stay different.
    """
    return _UNPRINTABLE.sub(lambda found: ascii(found.group())[1:-1], name.replace("\\", "\\\\"))


def prose(text: str) -> str:
    """Return a text of several lines without terminal colours and control characters, cut where it is endless."""
    text = _TERMINAL.sub("", text)
    text = _UNPRINTABLE.sub(lambda found: found.group() if found.group() in "\n\t" else "\ufffd", text)
    return text if len(text) <= _LONGEST_PROSE else text[:_LONGEST_PROSE] + "\n… (cut)"


def cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    A sign that would start one gets an apostrophe before it, and so does a leading apostrophe, so that different names
    stay different.
    """
    text = printable(text)
    return _FORMULA.sub(r"\1'", f"'{text}" if text.startswith("'") else text)


def short_hash(text: str) -> str:
    """Return 12 characters that tell texts apart."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def identifier(name: str, longest: int) -> str:
    """Return a name of bounded length that a database takes, different for different names.

    Parameters
    ----------
    name : str
        Any text.
    longest : int
        Characters that there is room for, at least 14.
    """
    good = printable(name)
    if good == name and len(name) <= longest:
        return name
    return f"{good[: longest - 13]}~{short_hash(name)}"


def folder_names(names: Iterable[str]) -> dict[str, str]:
    """Return a folder's name for each name: never a path, valid everywhere, different for different names.

    Parameters
    ----------
    names : iterable of str
        Any texts, such as the ids of a class.

    Returns
    -------
    dict of str to str
        The name itself where it is harmless and no other differs from it by capitals or accents' encoding only; else
        what is harmless of it with a hash.
    """
    names = sorted(set(names))
    good = {name: _harmless(name) for name in names}
    alike = Counter(_folded(folder) for folder in good.values())
    return {
        name: folder if folder == name and alike[_folded(folder)] == 1 else f"{folder}~{short_hash(name)}"
        for name, folder in good.items()
    }


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _harmless(name: str) -> str:
    kept = "".join(sign if sign.isalnum() or sign in "._-+@ " else "_" for sign in name[:_LONGEST_NAME])
    while len(kept.encode()) > 2 * _LONGEST_NAME:
        kept = kept[:-1]
    kept = kept.lstrip("-. ").rstrip(". ")
    return "_" if not kept or _RESERVED.fullmatch(kept) else kept


def week_title(week: str) -> str:
    """Return ``"Week 1: conv basics"`` for ``"week1_conv_basics"``; another name stays as it is."""
    found = re.fullmatch(r"week(\d+)_(\w+)", week)
    return f"Week {found.group(1)}: {found.group(2).replace('_', ' ')}" if found else printable(week)
