"""`course detect`: find things in picture files, folders and videos; draw the boxes and write them down."""

import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.course.quiet import quiet_stderr
from utils.course.refusal import Refusal
from utils.data.images import read_image
from utils.detection.detections import Detections

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp")
VIDEOS = (".mp4", ".avi", ".mkv", ".mov", ".webm")
TILE = 832  # pixels: what is larger is also looked at in parts


@dataclass(frozen=True)
class Finder:
    """A trained network.

    Attributes
    ----------
    says : str
        What it is.
    classes : tuple of str
        Names of its classes.
    find : callable
        (picture, score, iou) → Detections in pixels.
    tiles : bool
        Whether large pictures are given to it in parts, too; otherwise it sees to that itself.
    """

    says: str
    classes: tuple[str, ...]
    find: Callable[[np.ndarray, float, float], Detections]
    tiles: bool = True


def _objects() -> Finder:
    from utils.detection.pretrained import find_objects
    from utils.models.yolov3 import coco_classes, yolov3_tiny

    model = yolov3_tiny()
    return Finder(
        "YOLOv3-tiny, 80 kinds of things of COCO",
        tuple(coco_classes()),
        lambda image, score, iou: find_objects(model, image, score, iou),
    )


def _faces() -> Finder:
    from utils.detection.pretrained import find_faces
    from utils.models.tiny_face_detector import tiny_face_detector

    model = tiny_face_detector()
    return Finder(
        "a small face detector with a YOLOv2 head",
        ("face",),
        lambda image, score, iou: find_faces(model, image, score, iou),
    )


def _kinds() -> Finder:
    from utils.data import CUT_OUT_CLASSES
    from utils.detection.pretrained import find_kinds
    from utils.models.six_kinds import six_kinds_detector

    model = six_kinds_detector()
    return Finder(
        "our YOLOv2 for six kinds of things",
        CUT_OUT_CLASSES,
        lambda image, score, iou: find_kinds(model, image, score, iou),
    )


def _tree_crowns() -> Finder:
    from utils.detection.pretrained import find_tree_crowns
    from utils.models.tree_crowns import tree_crown_detector

    model = tree_crown_detector()
    return Finder(
        "our YOLOv2 for tree crowns in aerial photographs of about 10 cm a pixel",
        ("tree crown",),
        lambda image, score, iou: find_tree_crowns(model, image, score, iou),
        tiles=False,
    )


NETWORKS: dict[str, Callable[[], Finder]] = {
    "objects": _objects,
    "faces": _faces,
    "kinds": _kinds,
    "tree-crowns": _tree_crowns,
}


def detect(
    paths: list[Path],
    network: str,
    score: float,
    iou: float,
    out: Path,
    every: int,
    say: Callable[[str], None],
) -> int:
    """Detect in every file and write, beside each other, a picture with boxes and their list.

    For a picture ``a.jpg`` these are ``a.jpg.boxes.jpg`` and ``a.jpg.json``; for a video ``a.mp4`` a folder
    ``a.mp4`` with such a pair a frame. Files that are no pictures are told and left out.

    Parameters
    ----------
    paths : list of Path
        Pictures, videos, and folders of them.
    network : str
        One of `NETWORKS`.
    score, iou : float
        Kept is score ≥ the first; suppressed is IoU > the second; both in [0, 1].
    out : Path
        Folder for the results; made when it is not there.
    every : int
        Of a video, take one frame in so many.
    say : callable
        Told a line a picture.

    Returns
    -------
    int
        How many pictures and videos could not be read.

    Raises
    ------
    Refusal
        When an argument is out of range, there is nothing to look at, or the folder cannot be written.
    """
    _check(network, score, iou, every)
    files = _files(paths)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(f"{out} cannot be made: {error.strerror}") from None
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet_stderr():
        finder = NETWORKS[network]()
    unread = 0
    for file in files:
        folder = out / file.name if file.suffix.lower() in VIDEOS else out
        try:
            for name, image in _pictures(file, every):
                found = _look(finder, image, score, iou)
                _write(folder, name, image, found, finder, {"score_threshold": score, "iou_threshold": iou})
                say(f"{name}: {_count(found, finder.classes)}")
        except (ValueError, OSError) as error:
            say(f"{file}: not read. {error}")
            unread += 1
    return unread


def _check(network: str, score: float, iou: float, every: int) -> None:
    if network not in NETWORKS:
        raise Refusal(f"There is no network {network!r}; there are: {', '.join(NETWORKS)}.")
    for name, value in (("--score", score), ("--iou", iou)):
        if not 0 <= value <= 1:
            raise Refusal(f"{name} must be in [0, 1], got {value}.")
    if every < 1:
        raise Refusal(f"--every must be at least 1, got {every}.")


def _files(paths: list[Path]) -> list[Path]:
    """Return the files meant, those of folders by name."""
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(p for p in path.iterdir() if p.suffix.lower() in PICTURES + VIDEOS)
        elif path.exists():
            files.append(path)
        else:
            raise Refusal(f"There is no {path}.")
    if not files:
        raise Refusal(f"No picture and no video in {', '.join(map(str, paths))}.")
    return files


def _pictures(file: Path, every: int) -> Iterator[tuple[str, np.ndarray]]:
    if file.suffix.lower() not in VIDEOS:
        yield file.name, read_image(file)
        return
    try:
        import av
    except ImportError:
        raise Refusal("Videos need the package av: pip install av.") from None
    try:
        with av.open(str(file)) as video:
            for number, frame in enumerate(video.decode(video=0)):
                if number % every == 0:
                    yield f"frame-{number:05d}", frame.to_ndarray(format="rgb24")
    except (av.error.FFmpegError, IndexError) as error:
        raise ValueError(f"It is no video, or a damaged one ({type(error).__name__}).") from None


def _look(finder: Finder, image: np.ndarray, score: float, iou: float) -> Detections:
    from utils.detection.tiles import find_in_tiles

    if not finder.tiles:
        return finder.find(image, score, iou)
    return find_in_tiles(lambda part: finder.find(part, score, iou), image, TILE, iou_threshold=iou)


def _write(
    folder: Path,
    name: str,
    image: np.ndarray,
    found: Detections,
    finder: Finder,
    thresholds: dict[str, float],
) -> None:
    from PIL import Image

    from utils.plots.boxes import paint_boxes

    folder.mkdir(parents=True, exist_ok=True)
    names = [finder.classes[label] for label in found.classes]
    labels = [f"{label} {score:.2f}" for label, score in zip(names, found.scores, strict=True)]
    picture = io.BytesIO()
    Image.fromarray(paint_boxes(image, found.boxes, labels, found.classes)).save(picture, "JPEG", quality=90)
    listed: dict[str, Any] = {
        "picture": name,
        "height": image.shape[0],
        "width": image.shape[1],
        "network": finder.says,
        **thresholds,
        "detections": [
            {"class": label, "score": round(float(score), 4), "box": [round(float(side), 1) for side in box]}
            for label, score, box in zip(names, found.scores, found.boxes, strict=True)
        ],
    }
    _put(folder / f"{name}.boxes.jpg", picture.getvalue())
    _put(folder / f"{name}.json", (json.dumps(listed, indent=1) + "\n").encode())


def _put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)


def _count(found: Detections, classes: tuple[str, ...]) -> str:
    if not len(found):
        return "nothing found"
    labels, counts = np.unique(found.classes, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return ", ".join(f"{counts[i]} × {classes[labels[i]]}" for i in order)
