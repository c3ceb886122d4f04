"""Puts the gate's dear tests first, spread over two workers, so that none is left with a long one at the end."""

from pathlib import Path

import pytest

# Processor seconds of exercises, and of each week's test of the public half, that take five and more, roughly. Only the
# order depends on them; the gate's closing lines name the dearest exercises.
_SECONDS = {
    "w2a2/ResNet50": 220,
    "w2a1/train": 110,
    "w2l4/fine_tune": 85,
    "w2l2/residual_network": 80,
    "w2a1/predict_own_picture": 70,
    "w2l1/alexnet": 65,
    "w2l2/plain_network": 60,
    "w2a2/convolutional_block": 60,
    "w2l3/googlenet": 50,
    "w2a2/preactivation_block": 40,
    "w2l1/vgg16": 40,
    "w1a2/initial_loss": 35,
    "w3l6/unet_model": 35,
    "w2a2/identity_block": 30,
    "w2": 30,
    "w4l8/gan_step": 20,
    "w2l5/input_pipeline": 20,
    "w3": 15,
    "w4": 15,
    "w4a2/train_step": 15,
    "w4l3/siamese_classifier": 15,
    "w1a2/convolutional_model": 15,
    "w3l2/sliding_window_scores": 15,
    "w2l3/inception_module": 12,
    "w2l2/gradient_norms": 12,
    "w3l6/conv_block": 12,
    "w4l8/generator": 11,
    "w2l1/lenet5": 11,
    "w1": 10,
    "w3l4/yolo_loss": 10,
    "w2a1/build": 10,
    "w1a2/sequential_model": 10,
    "w4l4/grad_cam": 9,
    "w4l4/activation_maximization": 9,
    "w2l4/transfer_model": 9,
    "w3l6/upsampling_block": 6,
    "w4l4/top_patches": 6,
    "w4l8/discriminator": 6,
    "w2l4/freeze_until": 5,
}


@pytest.hookimpl(trylast=True)  # after the tests that are left out
def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    places = [place for place, item in enumerate(items) if here in item.path.parents]
    dearest_first = sorted((items[place] for place in places), key=_seconds, reverse=True)
    # Each of two workers begins with one half of the list and takes from the other's end.
    for place, item in zip(places, [*dearest_first[::2], *dearest_first[1::2]], strict=True):
        items[place] = item


def _seconds(item: pytest.Item) -> float:
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return _SECONDS.get(parameters.get("key") or parameters.get("week"), 0)
