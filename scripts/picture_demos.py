"""Photograph every demo, and the gallery, in a real browser for the gallery's cards and the README.

.venv/bin/python scripts/picture_demos.py [NAME]...   writes docs/pictures/demo_NAME.jpg
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the browser is driven by what the tests use

from tests.demos.actions import wait_until_it_listens  # noqa: E402
from tests.demos.serving import open_page, serve  # noqa: E402
from utils.course.demo import PICTURES, all_demos  # noqa: E402
from utils.course.environment import find_system_part  # noqa: E402

SIZE = (840, 590)
# Words that a page shows while it is at work.
_BUSY = "takes seconds|being measured|being painted|at work"
_SECONDS = 300


def main(names: list[str]) -> None:
    """Write the pictures of some demos, or of all and then the gallery's."""
    chromium = find_system_part("chromium")
    if chromium is None:
        raise SystemExit("The system package chromium is not installed.")
    (ROOT / PICTURES).mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as address:
        for demo in all_demos():
            if not names or demo.name in names:
                photograph(f"{address}demo/{demo.name}", ROOT / PICTURES / f"{demo.file}.jpg", chromium)
        if not names or "gallery" in names:
            photograph(address, ROOT / PICTURES / "demo_gallery.jpg", chromium, listens=False)


def photograph(address: str, path: Path, chromium: str, listens: bool = True) -> None:
    """Write a picture of a page at rest, small."""
    with open_page(address, chromium) as seen:
        if listens:
            wait_until_it_listens(seen.page)
            seen.page.wait_for_timeout(1000)
            seen.page.wait_for_function(
                f"!/{_BUSY}/.test(document.querySelector('.course-demo').innerText)", timeout=1000 * _SECONDS
            )
        picture = Image.open(io.BytesIO(seen.page.screenshot())).convert("RGB")
    picture.resize(SIZE, Image.Resampling.LANCZOS).save(
        path, "JPEG", quality=82, optimize=True, progressive=True
    )
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1024:.0f} KB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
