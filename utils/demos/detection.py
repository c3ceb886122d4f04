"""What the demo of detection says, and its pictures in order; the boxes are chosen by `utils.detection.candidates`."""

from utils.data import load_street_clip
from utils.detection.detectors import DETECTORS
from utils.experiments.yolo_six_kinds import composed_test

KINDS = {
    "greedy, class by class": "greedy",
    "soft": "soft",
    "none": "none",
    "wrong: the best k boxes": "best k",
    "wrong: blind to classes": "blind to classes",
}
NOTICE = {
    "greedy": "The best box of a thing stays; dashed boxes overlap it by more than the IoU threshold. "
    "Far to the left, neighbours suppress each other; far to the right, one thing gets several boxes.",
    "soft": "Nothing is dropped for its overlap: each better box lowers the scores of those that it "
    "overlaps, the more the smaller σ is. Those that fall below the score threshold are dashed.",
    "none": "One thing, many boxes: the cells around it and their anchors all report it.",
    "best k": "No suppression, only the k best boxes. Some things get two of them, and others none; "
    "and a picture without anything gets boxes as well, if the score threshold lets them through.",
    "blind to classes": "A box suppresses boxes of other classes, too. Whoever stands in front of a car, "
    "or of the same size as a wrong guess, can vanish. Move the IoU threshold to the left.",
}
STREET, COMPOSED = "street clip", "composed"
# Network → a picture on which it finds something.
TRY = {DETECTORS[0]: STREET, DETECTORS[1]: COMPOSED, DETECTORS[2]: "astronaut"}
SERIES = {
    STREET: load_street_clip,
    COMPOSED: lambda: [scene.image for scene in composed_test("unseen things, unseen backgrounds", 15)],
}


def say_counts(kept: int, removed: int, score: float, network: str) -> str:
    """Write how many boxes are kept and removed, and where the network finds more when it found nothing, as HTML."""
    numbers = f"{kept + removed} boxes reach a score of {score:.2f}: <b>{kept} kept, {removed} removed</b>."
    nothing = f" Nothing here? Lower the score, or try <b>{TRY[network]}</b>."
    return numbers if kept else numbers + nothing
