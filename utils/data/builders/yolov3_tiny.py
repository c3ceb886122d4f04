"""Builder of YOLOv3-tiny: its weights, its `.cfg` with the one wrong line put right, and the names of its classes."""

from pathlib import Path

import numpy as np

from utils.data.assets import Asset
from utils.data.builders.origin import get_file
from utils.data.compact import halve_kernels, pack_kernels
from utils.data.darknet import Section, format_cfg, network_layers, read_cfg, read_weights

FINE_MASK = "1,2,3"
# The small kernels, early or narrow, make most of int8's error and little of the file: as float16 they bring the error
# of the features from 6 % to 2 %.
INT8_FROM_VALUES = 400_000


def build(asset: Asset, work: Path) -> dict[str, np.ndarray] | bytes:
    """Return the packed weights for a `.h5` file, the corrected text for a `.cfg`, and the names for a `.txt`."""
    path = get_file(asset.origin[0], work)
    match Path(asset.file).suffix:
        case ".cfg":
            return format_cfg(correct_mask(read_cfg(path))).encode()
        case ".h5":
            sections = correct_mask(read_cfg(get_file(asset.origin[1], work)))
            weights = read_weights(path, network_layers(sections))
            large = {name: value for name, value in weights.items() if value.size >= INT8_FROM_VALUES}
            small = {name: value for name, value in weights.items() if value.size < INT8_FROM_VALUES}
            return pack_kernels(large) | halve_kernels(small)
    return (path.read_text(encoding="utf-8").strip() + "\n").encode()


def correct_mask(sections: list[Section]) -> list[Section]:
    """Give the last head the anchors it was trained with.

    The file that is passed around says `mask = 0,1,2`; with it small boxes come out at half their size.
    """
    last = max(number for number, section in enumerate(sections) if section.kind == "yolo")
    options = {**sections[last].options, "mask": FINE_MASK}
    return [Section(part.kind, options) if number == last else part for number, part in enumerate(sections)]
