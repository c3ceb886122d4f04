"""Builder of `imagenet-classes`: readable names of ImageNet's 1,000 classes, as a JSON list."""

import json
from pathlib import Path

from utils.data.assets import Asset
from utils.data.builders.origin import get_file


def build(asset: Asset, work: Path) -> bytes:
    """Return the names in the order of the classes' numbers."""
    names = json.loads(get_file(asset.origin[0], work).read_text(encoding="utf-8"))
    return (json.dumps(names, ensure_ascii=False, indent=0) + "\n").encode()
