"""Darknet files, the format of YOLO's authors, read and written: a network as text (`.cfg`), its floats (`.weights`).

NumPy only; `utils.models.darknet` makes the Keras network. Covered are the sections of YOLOv2, YOLOv2-tiny,
YOLOv3 and YOLOv3-tiny; anything that would change the result and is not covered is an error, never ignored.

Redmon and Farhadi 2017, "YOLO9000" (arXiv:1612.08242); 2018, "YOLOv3" (arXiv:1804.02767). The order of floats in
a file is that of Darknet's own `parser.c`.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

HEADS = ("yolo", "region")
ACTIVATIONS = ("linear", "leaky", "relu", "logistic")

# Options that change what a section computes, with the one value that is supported (and is Darknet's default).
_FIXED = {
    "convolutional": {"groups": 1, "dilation": 1, "binary": 0, "xnor": 0, "flipped": 0},
    "route": {"groups": 1},
    "reorg": {"reverse": 0, "flatten": 0, "extra": 0},
    "upsample": {"scale": 1},
}
_MAX_VERSION = 1000


@dataclass(frozen=True)
class Section:
    """One section of a `.cfg` file.

    Attributes
    ----------
    kind
        The word in brackets: "net", "convolutional", "maxpool", "route", "yolo" …
    options
        Its lines `name=value`, as text, in the file's order.
    """

    kind: str
    options: Mapping[str, str] = field(default_factory=dict)

    def number(self, name: str, default: int) -> int:
        """Return an option as a whole number.

        Raises
        ------
        ValueError
            When the option is there and is none.
        """
        return self.numbers(name, (default,))[0]

    def numbers(self, name: str, default: Sequence[int] = ()) -> tuple[int, ...]:
        """Return an option that lists whole numbers, separated by commas."""
        text = self.options.get(name)
        if text is None:
            return tuple(default)
        try:
            return tuple(int(part) for part in text.split(",") if part.strip()) or tuple(default)
        except ValueError:
            raise ValueError(f"[{self.kind}]: {name} must be whole numbers, got {text!r}") from None


@dataclass(frozen=True)
class DarknetLayer:
    """A section with its place in the network worked out.

    Attributes
    ----------
    index
        Number of the layer, from 0; `[net]` does not count. Darknet's and OpenCV's layer names use it.
    section
        What the file says.
    sources
        Indices of the layers whose outputs come in; -1 is the picture.
    in_channels, channels
        Channels that come in (of the first source) and go out.
    """

    index: int
    section: Section
    sources: tuple[int, ...]
    in_channels: int
    channels: int

    @property
    def kind(self) -> str:
        """The section's kind."""
        return self.section.kind


@dataclass(frozen=True)
class Head:
    """What decodes one output of the network into boxes.

    Attributes
    ----------
    layer
        Index of the `[yolo]` or `[region]` section.
    anchors
        (boxes a cell, 2) widths and heights: pixels of the network's input for `[yolo]`, grid cells for `[region]`.
    classes
        Number of classes.
    """

    layer: int
    anchors: np.ndarray
    classes: int


def read_cfg(path: str | Path) -> list[Section]:
    """Read a `.cfg` file; `parse_cfg` says what is an error."""
    return parse_cfg(Path(path).read_text(encoding="utf-8", errors="replace"))


def parse_cfg(text: str) -> list[Section]:
    """Return the sections of a network's text, the first of them `[net]`.

    Raises
    ------
    ValueError
        When a line is neither a section, an option nor a comment, or the text does not begin with `[net]`.
    """
    sections: list[Section] = []
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("[") and line.endswith("]"):
            sections.append(Section(line[1:-1].strip(), {}))
        elif "=" in line and sections:
            name, value = line.split("=", 1)
            sections[-1].options[name.strip()] = value.strip()
        else:
            raise ValueError(f"line {number} is no Darknet section or option: {line[:40]!r}")
    if not sections or sections[0].kind not in ("net", "network"):
        raise ValueError("a Darknet network must begin with the section [net]")
    return sections


def format_cfg(sections: Iterable[Section]) -> str:
    """Return the text of a network; `parse_cfg` gives the sections back."""
    blocks = (
        "\n".join([f"[{section.kind}]", *(f"{name}={value}" for name, value in section.options.items())])
        for section in sections
    )
    return "\n\n".join(blocks) + "\n"


def network_layers(sections: Sequence[Section]) -> list[DarknetLayer]:
    """Work out, for each section after `[net]`, where its input comes from and how many channels it has.

    Raises
    ------
    ValueError
        When a section or an option's value is not supported, a route leads nowhere, or a head's channels are not
        boxes × (5 + classes).
    """
    layers: list[DarknetLayer] = []
    channels = [
        sections[0].number("channels", 3)
    ]  # channels[i + 1] belongs to layer i, channels[0] to the picture
    for index, section in enumerate(sections[1:]):
        _check_fixed(section, index)
        sources = _sources(section, index)
        incoming = [channels[source + 1] for source in sources]
        outgoing = _channels(section, index, incoming)
        layers.append(DarknetLayer(index, section, sources, incoming[0], outgoing))
        channels.append(outgoing)
    return layers


def network_heads(sections: Sequence[Section]) -> list[Head]:
    """Return the heads in the file's order, each with its own anchors (a `[yolo]` section's `mask` picks them)."""
    heads = []
    for index, section in enumerate(sections[1:]):
        if section.kind in HEADS:
            heads.append(Head(index, _anchors(section), section.number("classes", 20)))
    return heads


def weight_shapes(layers: Iterable[DarknetLayer]) -> dict[str, tuple[int, ...]]:
    """Return the shape of every array by name, in the order in which a `.weights` file holds them.

    Names are Keras': `conv_<i>/kernel` (size, size, channels in, channels out) and either `conv_<i>/bias` or
    `bn_<i>/beta`, `gamma`, `moving_mean`, `moving_variance`, each (channels out,).
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in layers:
        if layer.kind != "convolutional":
            continue
        normalised = layer.section.number("batch_normalize", 0)
        vectors = ("beta", "gamma", "moving_mean", "moving_variance") if normalised else ("bias",)
        for vector in vectors:
            shapes[f"{'bn' if normalised else 'conv'}_{layer.index}/{vector}"] = (layer.channels,)
        size = layer.section.number("size", 1)
        shapes[f"conv_{layer.index}/kernel"] = (size, size, layer.in_channels, layer.channels)
    return shapes


def read_weights(path: str | Path, layers: Iterable[DarknetLayer]) -> dict[str, np.ndarray]:
    """Read a `.weights` file to its last float.

    Parameters
    ----------
    path
        The file: a header (version, number of pictures seen), then little-endian float32.
    layers
        The network whose weights they are (`network_layers`).

    Returns
    -------
    dict of str to array
        float32 arrays as `weight_shapes` describes them, kernels turned to (height, width, in, out).

    Raises
    ------
    ValueError
        When the file is no Darknet file, is truncated, or belongs to another network.
    """
    path = Path(path)
    data = np.memmap(path, dtype=np.uint8, mode="r") if path.stat().st_size else np.empty(0, np.uint8)
    shapes = weight_shapes(layers)
    floats = _floats(data, path)
    wanted = sum(int(np.prod(shape)) for shape in shapes.values())
    if len(floats) != wanted:
        state = "truncated, or of a larger network's cfg" if len(floats) < wanted else "of another network"
        raise ValueError(
            f"{path} holds {len(floats):,} floats, the cfg needs {wanted:,}: the file is {state}"
        )
    arrays, start = {}, 0
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        values = floats[start : start + size]
        arrays[name] = (
            np.ascontiguousarray(values.reshape(shape[::-1][:2] + shape[:2]).transpose(2, 3, 1, 0))
            if len(shape) == 4
            else np.array(values)
        )
        start += size
    return arrays


def write_weights(
    path: str | Path, layers: Iterable[DarknetLayer], arrays: Mapping[str, np.ndarray], seen: int = 0
) -> None:
    """Write a `.weights` file (format version 0.2), atomically; Darknet and OpenCV read it.

    Parameters
    ----------
    path
        File to write; an older one is replaced.
    layers
        The network (`network_layers`).
    arrays
        One array for each name of `weight_shapes`, of its shape.
    seen
        Number of training pictures that the header tells.

    Raises
    ------
    ValueError
        When an array is missing, left over or of another shape; nothing is written then.
    """
    shapes = weight_shapes(layers)
    if set(arrays) != set(shapes):
        missing, extra = sorted(set(shapes) - set(arrays)), sorted(set(arrays) - set(shapes))
        raise ValueError(f"arrays do not fit the network: missing {missing[:3]}, left over {extra[:3]}")
    for name, shape in shapes.items():
        if np.shape(arrays[name]) != shape:
            raise ValueError(f"array {name} must have shape {shape}, got {np.shape(arrays[name])}")
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            file.write(np.array([0, 2, 0], "<i4").tobytes() + np.array(seen, "<i8").tobytes())
            for name, shape in shapes.items():
                array = np.asarray(arrays[name], "<f4")
                file.write((array.transpose(3, 2, 0, 1) if len(shape) == 4 else array).tobytes())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _floats(data: np.ndarray, path: Path) -> np.ndarray:
    """Check a file's header and return the floats behind it."""
    if len(data) < 16:
        raise ValueError(f"{path} has {len(data)} bytes: too few for a Darknet file")
    major, minor, revision = (int(value) for value in data[:12].view("<i4"))
    if not (0 <= major < _MAX_VERSION and 0 <= minor < _MAX_VERSION and revision >= 0):
        raise ValueError(
            f"{path} is no Darknet weights file: its header tells version {major}.{minor}.{revision}"
        )
    # Up to version 0.1 the count of pictures is a 32-bit number, then a 64-bit one.
    body = data[20 if major * 10 + minor >= 2 else 16 :]
    if len(body) % 4:
        raise ValueError(f"{path} ends in the middle of a float: it is truncated")
    return body.view("<f4")


def _check_fixed(section: Section, index: int) -> None:
    for name, value in _FIXED.get(section.kind, {}).items():
        if section.number(name, value) != value:
            given = section.options[name]
            raise ValueError(f"layer {index} [{section.kind}]: {name}={given} is not supported, only {value}")


def _sources(section: Section, index: int) -> tuple[int, ...]:
    """Return the layers that a section reads: the one before, unless it names others."""
    previous = index - 1
    if section.kind == "route":
        named = section.numbers("layers")
    elif section.kind == "shortcut":
        named = (-1, *section.numbers("from"))
    else:
        return (previous,)
    sources = tuple(number if number >= 0 else index + number for number in named)
    if not sources or not all(0 <= source < index for source in sources):
        raise ValueError(
            f"layer {index} [{section.kind}] leads to layers {named}, of which not all come before it"
        )
    return sources


def _channels(section: Section, index: int, incoming: list[int]) -> int:
    """Return the channels that go out of a section."""
    place = f"layer {index} [{section.kind}]"
    match section.kind:
        case "convolutional":
            activation = section.options.get("activation", "logistic")
            if activation not in ACTIVATIONS:
                raise ValueError(
                    f"{place}: activation={activation} is not supported, only {', '.join(ACTIVATIONS)}"
                )
            return section.number("filters", 1)
        case "maxpool" | "upsample":
            return incoming[0]
        case "reorg":
            return incoming[0] * section.number("stride", 1) ** 2
        case "route":
            return sum(incoming)
        case "shortcut":
            if len(set(incoming)) > 1:
                raise ValueError(f"{place} adds {incoming} channels; they must be as many on both sides")
            return incoming[0]
        case "yolo" | "region":
            boxes, classes = len(_anchors(section)), section.number("classes", 20)
            if incoming[0] != boxes * (5 + classes):
                raise ValueError(
                    f"{place} gets {incoming[0]} channels, wanted {boxes} boxes × (5 + {classes} classes)"
                )
            return incoming[0]
    raise ValueError(f"{place}: this kind of section is not supported")


def _anchors(section: Section) -> np.ndarray:
    """Return the anchors that a head uses, (boxes, 2)."""
    try:
        values = np.array([float(part) for part in section.options.get("anchors", "").split(",")])
        anchors = values.reshape(-1, 2)
    except ValueError:
        raise ValueError(f"[{section.kind}]: anchors must be pairs of numbers") from None
    mask = section.numbers("mask", range(len(anchors)))
    if not all(0 <= number < len(anchors) for number in mask):
        raise ValueError(
            f"[{section.kind}]: mask {mask} names an anchor that is not among the {len(anchors)}"
        )
    return anchors[list(mask)]
