"""Darknet-19 and both YOLOv2 against the authors' counts and against the same networks read from Darknet's `.cfg`."""

import numpy as np
import pytest

from utils.data.darknet import parse_cfg
from utils.models.darknet import darknet_model
from utils.models.yolov2 import DARKNET_19, darknet19, tiny_yolov2, yolov2

CONVOLUTION = "[convolutional]\nbatch_normalize=1\nfilters={}\nsize={}\nstride=1\npad=1\nactivation=leaky\n\n"
POOL = "[maxpool]\nsize=2\nstride={}\n\n"
HEAD = "[convolutional]\nfilters={}\nsize=1\nstride=1\npad=1\nactivation=linear\n\n"
REGION = "[region]\nanchors=1,1, 2,2\nclasses=3\ncoords=4\nnum=2\nsoftmax=1\n"


def yolov2_cfg(side: int) -> str:
    """The authors' `yolov2.cfg` with a head for two boxes and three classes."""
    text = f"[net]\nwidth={side}\nheight={side}\nchannels=3\n\n"
    for row in DARKNET_19:
        text += POOL.format(2) if row == "M" else CONVOLUTION.format(*row)
    text += CONVOLUTION.format(1024, 3) * 2 + "[route]\nlayers=-9\n\n" + CONVOLUTION.format(64, 1)
    text += "[reorg]\nstride=2\n\n[route]\nlayers=-1,-4\n\n" + CONVOLUTION.format(1024, 3)
    return text + HEAD.format(16) + REGION


def tiny_cfg(side: int) -> str:
    """The authors' `yolov2-tiny-voc.cfg` with a head for two boxes and three classes."""
    text = f"[net]\nwidth={side}\nheight={side}\nchannels=3\n\n"
    for filters in (16, 32, 64, 128, 256):
        text += CONVOLUTION.format(filters, 3) + POOL.format(2)
    text += CONVOLUTION.format(512, 3) + POOL.format(1) + CONVOLUTION.format(1024, 3) * 2
    return text + HEAD.format(16) + REGION


def numbers_in(bytes_of_file: int) -> int:
    """Floats in a Darknet weights file, after its header of three versions and a count, 16 bytes."""
    return (bytes_of_file - 16) // 4


def test_as_many_numbers_as_in_the_authors_files():
    assert yolov2(classes=80).count_params() == numbers_in(203_934_260)  # yolov2.weights
    assert tiny_yolov2().count_params() == numbers_in(63_471_556)  # yolov2-tiny-voc.weights


@pytest.mark.slow
@pytest.mark.parametrize(("build", "cfg"), [(yolov2, yolov2_cfg), (tiny_yolov2, tiny_cfg)])
def test_same_function_as_the_network_of_the_cfg(build, cfg):
    side = 64
    ours = build((side, side, 3), 2, 3)
    theirs = darknet_model(parse_cfg(cfg(side)))
    rng = np.random.default_rng(0)
    for weight in ours.weights:
        # Positive variances, and values that neither vanish nor explode through twenty layers.
        scale = np.sqrt(2 / np.prod(weight.shape[:-1])) if len(weight.shape) == 4 else 0.1
        value = rng.normal(0, scale, weight.shape)
        weight.assign(1 + np.abs(value) if weight.name in ("gamma", "moving_variance") else value)
    theirs.set_weights(ours.get_weights())
    x = rng.random((2, side, side, 3)).astype("float32")
    wanted = theirs.predict(x, verbose=0)
    wanted = wanted[0] if isinstance(wanted, list) else wanted
    assert wanted.std() > 0.01
    np.testing.assert_allclose(ours.predict(x, verbose=0), wanted, atol=1e-4)


def test_darknet19_has_the_layers_of_table_6():
    model = darknet19((64, 64, 3), 10)
    convolutions = [layer for layer in model.layers if "Conv2D" in type(layer).__name__]
    assert len(convolutions) == 19
    assert [tuple(layer.kernel.shape[:2]) for layer in convolutions].count((3, 3)) == 12
    probabilities = model.predict(np.ones((1, 64, 64, 3)), verbose=0)
    assert probabilities.shape == (1, 10)
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: yolov2((100, 96, 3)), "multiples of 32"),
        (lambda: yolov2((None, None, 3)), "multiples of 32"),
        (lambda: tiny_yolov2(boxes=0), "boxes must be at least 1"),
        (lambda: darknet19((16, 64, 3)), "at least 32 pixels"),
        (lambda: darknet19(classes=1), "classes must be at least 2"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
