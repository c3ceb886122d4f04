"""Files that are either the old or the new ones, never half of each."""

import os
from pathlib import Path
from secrets import token_hex


def write_file(path: Path, text: str) -> bool:
    r"""Write a file beside its place and put it there at once; a file that says the same already is left alone.

    Parameters
    ----------
    path : Path
        Where to; folders are made.
    text : str
        Its content, written as UTF-8 with ``\n`` line ends.

    Returns
    -------
    bool
        Whether there was anything to write.
    """
    content = text.encode()
    if not path.is_symlink() and path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".writing-{token_hex(8)}")
    try:
        with open(beside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return True
