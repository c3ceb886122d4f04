"""What the demo of style transfer computes: steps of a painting in a thread that rests when told, and what is kept.

VGG-19 and TensorFlow are imported when the first step is taken, so that the page need not wait for them.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.data import to_uint8

if TYPE_CHECKING:
    import keras

LAYERS = {
    "block 2: pixels": "block2_conv2",
    "block 4: shapes": "block4_conv2",
    "block 5: things": "block5_conv4",
}
STROKES = {
    "all five blocks": tuple(f"block{block}_conv1" for block in range(1, 6)),
    "fine: blocks 1 and 2": ("block1_conv1", "block2_conv1"),
    "coarse: blocks 4 and 5": ("block4_conv1", "block5_conv1"),
}
NOTICE = {
    "block2_conv2": "So early a layer knows nearly every pixel: edges stay sharp, and the style has room only "
    "in smooth areas such as sky and walls.",
    "block4_conv2": "This layer knows shapes, not pixels. Outlines stay, strokes and colours come from the painting.",
    "block5_conv4": "So late a layer only knows roughly what is where. The strokes may run across outlines.",
}
_MUCH = "With so much style, content can hardly hold its own: turn β down while it paints, and it comes back."
_MIDDLE = "The cost falls fast at first, while colours change, and then slowly, while strokes form."
_LITTLE = "With so little style, hardly more than the colours change: turn β up while it paints."
_FEW = (
    "Early blocks only know colours and fine dabs; late blocks bring large strokes, and colours less exactly."
)


@dataclass
class Work:
    """A painting at hand; one thread paints it, others read it and set ``until``.

    Attributes
    ----------
    content, style : ndarray, (height, width, 3)
        uint8.
    picture : ndarray, (height, width, 3)
        uint8: as it is now, at first where the painting starts.
    options : mapping
        More arguments of `utils.style.painting.painting_steps`.
    count, until : int
        Steps that were taken, and after how many the painting rests.
    costs : list of float
        Of each picture, the start included.
    """

    content: np.ndarray
    style: np.ndarray
    picture: np.ndarray
    options: Mapping[str, Any]
    count: int = 0
    until: int = 0
    costs: list[float] = field(default_factory=list)
    _steps: Iterator | None = None

    @property
    def rests(self) -> bool:
        """Whether no more steps are to be taken."""
        return self.count >= self.until

    def paint(self, networks: "list[keras.Model]", draw: Callable[["Work"], None], wanted: Callable) -> None:
        """Take steps, and draw after each, until the work rests or ``wanted(self)`` is false.

        The first call works out what the start costs and draws it, even when the work rests.

        Parameters
        ----------
        networks
            VGG-19, once it is built; it is put there at the first call.
        draw, wanted
            Called with this work.
        """
        from utils.models.vgg import vgg19_features
        from utils.style.painting import painting_steps

        if not networks:
            networks.append(vgg19_features())
        if self._steps is None:
            given = {**self.options, "start": self.picture, "steps": 10**6, "network": networks[0]}
            self._steps = painting_steps(self.content, self.style, **given)
        while not (self.costs and self.rests):
            step = next(self._steps)
            self.picture, self.count = to_uint8(step.picture), self.count + bool(self.costs)
            self.costs.append(step.cost)
            if not wanted(self):
                return
            draw(self)


def say_progress(work: Work) -> str:
    """Say how far a painting is, as HTML."""
    cost = f", cost {work.costs[-1]:.3g}" if work.costs else ""
    state = (
        "It rests: press <b>continue</b>, or move something first." if work.rests else "It is being painted."
    )
    return f"Step {work.count}{cost}. {state}"


def say_notice(layer: str, strokes: Sequence[str], ratio: float) -> str:
    """Say what to notice for a content layer, style layers and β / α."""
    extra = _MUCH if ratio >= 100 else _LITTLE if ratio < 1 else _MIDDLE
    return f"{NOTICE[layer]} {extra if tuple(strokes) == STROKES['all five blocks'] else _FEW}"


def strip_of(kept: Sequence[bytes]) -> str:
    """Return small pictures in a row as HTML; a click saves one as a file.

    Parameters
    ----------
    kept : sequence of bytes
        JPEG files.
    """
    links = (
        f'<a download="painting-{number}.jpg" href="data:image/jpeg;base64,{text}" title="save painting {number}">'
        f'<img src="data:image/jpeg;base64,{text}" alt="painting {number}" style="height: 96px; margin-right: 8px"></a>'
        for number, text in enumerate((b64encode(file).decode() for file in kept), start=1)
    )
    return "Kept; a click saves it:<br>" + "".join(links) if kept else ""
