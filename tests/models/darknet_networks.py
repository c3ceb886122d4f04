"""Small networks with the structure of YOLOv2, YOLOv2-tiny and YOLOv3-tiny, as Darknet's text, and weights for them."""

import numpy as np

from utils.data.darknet import DarknetLayer, weight_shapes


def conv(
    filters: int, size: int = 3, normalised: bool = True, activation: str = "leaky", stride: int = 1
) -> str:
    bn = "batch_normalize=1\n" if normalised else ""
    return f"[convolutional]\n{bn}filters={filters}\nsize={size}\nstride={stride}\npad=1\nactivation={activation}\n"


def pool(stride: int = 2) -> str:
    return f"[maxpool]\nsize=2\nstride={stride}\n"


def net(side: int) -> str:
    return f"[net]\nwidth={side}\nheight={side}\nchannels=3\n"


def region(classes: int, boxes: int) -> str:
    anchors = ", ".join(f"{1 + i}.5,{2 + i}.25" for i in range(boxes))
    return f"[region]\nanchors = {anchors}\nclasses={classes}\ncoords=4\nnum={boxes}\nsoftmax=1\n"


def yolo(classes: int, mask: str) -> str:
    anchors = "10,14, 23,27, 37,58, 81,82, 135,169, 344,319"
    return f"[yolo]\nmask = {mask}\nanchors = {anchors}\nclasses={classes}\nnum=6\n"


def yolov2(side: int = 64, width: int = 4, classes: int = 3) -> str:
    """Darknet-19, then the passthrough: a fine map, reorganised, joins the coarse one."""
    w = width
    parts = [net(side), conv(w), pool(), conv(2 * w), pool()]
    for size in (4, 8):
        parts += [conv(size * w), conv(size * w // 2, 1), conv(size * w), pool()]
    parts += [conv(16 * w), conv(8 * w, 1), conv(16 * w), conv(8 * w, 1), conv(16 * w), pool()]
    parts += [
        conv(32 * w),
        conv(16 * w, 1),
        conv(32 * w),
        conv(16 * w, 1),
        conv(32 * w),
        conv(32 * w),
        conv(32 * w),
    ]
    parts += [
        "[route]\nlayers=-9\n",
        conv(2 * w, 1),
        "[reorg]\nstride=2\n",
        "[route]\nlayers=-1,-4\n",
        conv(32 * w),
    ]
    parts += [conv(5 * (5 + classes), 1, False, "linear"), region(classes, 5)]
    return "\n".join(parts)


def yolov2_tiny(side: int = 64, width: int = 4, classes: int = 3) -> str:
    parts = [net(side)]
    for i in range(5):
        parts += [conv(width << i), pool()]
    parts += [conv(width << 5), pool(1), conv(width << 6), conv(width << 5)]
    parts += [conv(5 * (5 + classes), 1, False, "linear"), region(classes, 5)]
    return "\n".join(parts)


def yolov3_tiny(side: int = 64, width: int = 4, classes: int = 3) -> str:
    head = 3 * (5 + classes)
    parts = [net(side)]
    for i in range(5):
        parts += [conv(width << i), pool()]
    parts += [conv(width << 5), pool(1), conv(width << 6), conv(width << 4, 1), conv(width << 5)]
    parts += [
        conv(head, 1, False, "linear"),
        yolo(classes, "3,4,5"),
        "[route]\nlayers=-4\n",
        conv(width << 3, 1),
    ]
    parts += ["[upsample]\nstride=2\n", "[route]\nlayers=-1,8\n", conv(width << 4)]
    parts += [conv(head, 1, False, "linear"), yolo(classes, "1,2,3")]
    return "\n".join(parts)


def residual(side: int = 64, width: int = 4, classes: int = 3) -> str:
    """The parts of YOLOv3's Darknet-53 that the others lack: convolutions with stride 2, shortcuts."""
    parts = [net(side), conv(width)]
    for i in (1, 2, 3):
        parts += [conv(width << i, stride=2), conv(width << (i - 1), 1), conv(width << i)]
        parts += ["[shortcut]\nfrom=-3\nactivation=linear\n"]
    parts += [conv(3 * (5 + classes), 1, False, "linear"), yolo(classes, "0,1,2")]
    return "\n".join(parts)


def random_weights(layers: list[DarknetLayer], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights that keep the size of what flows through, with a batch norm that is not the identity."""
    arrays = {}
    for name, shape in weight_shapes(layers).items():
        if name.endswith("kernel"):
            values = rng.normal(0, np.sqrt(2 / np.prod(shape[:3])), shape)
        elif name.endswith(("gamma", "moving_variance")):
            values = rng.uniform(0.5, 1.5, shape)
        else:
            values = rng.normal(0, 0.3, shape)
        arrays[name] = values.astype(np.float32)
    return arrays
