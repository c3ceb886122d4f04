"""How fast our ResNet-50 is in Keras beside the same network in plain PyTorch and the one of keras.applications.

Run ``python benchmarks/resnet.py [--json FILE] [--rounds N]``. 32 pictures of 64×64 pixels, two threads; a training
step is ``train_on_batch`` or forward, backward and ``step``, all with SGD and momentum; inference gives back a NumPy
array. Our weights are copied into the others first, and the outputs compared. PyTorch is not among the course's
requirements: ``pip install torch``.
"""

import sys

from _threads import limit_threads

limit_threads(2)

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers
from timing import arguments, conclude, ratios

from utils.models.resnet import copy_weights, resnet

try:
    import torch
except ImportError:
    sys.exit("PyTorch is not installed, and this compares with it: pip install torch")
from torch import nn

BATCH, SIDE, CLASSES = 32, 64, 10
STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))  # width, blocks, stride of the first block
EPSILON = 1.001e-5  # as keras.applications has it
RATE, MOMENTUM = 0.01, 0.9
SLOWEST = {"training step": 1.1, "inference": 1.1}  # times PyTorch's time
OURS, THEIRS, PYTORCH, CHANNELS_LAST = "ours", "keras.applications", "PyTorch", "PyTorch, channels last"

Forms = dict[str, Callable[[], Any]]


def torch_resnet50() -> nn.Module:
    """Build ResNet-50 in plain PyTorch, with biases and the stride in the first 1×1 convolution; gives logits."""

    def conv_bn(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Sequential:
        convolution = nn.Conv2d(inputs, outputs, size, stride, size // 2)
        # Keras' momentum 0.99 is the share that stays, PyTorch's the share that comes in.
        return nn.Sequential(convolution, nn.BatchNorm2d(outputs, EPSILON, momentum=0.01))

    class Block(nn.Module):
        def __init__(self, inputs: int, width: int, stride: int) -> None:
            super().__init__()
            self.first = conv_bn(inputs, width, 1, stride)
            self.second = conv_bn(width, width, 3)
            # Declared here because Keras lists its layers in this order.
            self.projection = conv_bn(inputs, 4 * width, 1, stride) if inputs != 4 * width else nn.Identity()
            self.third = conv_bn(width, 4 * width, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = torch.relu(self.second(torch.relu(self.first(x))))
            return torch.relu(self.third(y) + self.projection(x))

    parts: list[nn.Module] = [conv_bn(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for width, blocks, stride in STAGES:
        for number in range(blocks):
            parts.append(Block(channels, width, 1 if number else stride))
            channels = 4 * width
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))


def copy_into_torch(source: keras.Model, target: nn.Module) -> None:
    """Copy all weights; convolutions, normalisations and the dense layer stand in the same order in both."""
    pairs = (
        (layers.Conv2D, nn.Conv2d),
        (layers.BatchNormalization, nn.BatchNorm2d),
        (layers.Dense, nn.Linear),
    )
    for theirs, ours in pairs:
        given = [layer for layer in source.layers if isinstance(layer, theirs)]
        taking = [module for module in target.modules() if isinstance(module, ours)]
        for layer, module in zip(given, taking, strict=True):
            values = [torch.from_numpy(value.copy()) for value in layer.get_weights()]
            if ours is nn.Conv2d:
                values[0] = values[0].permute(3, 2, 0, 1)
            elif ours is nn.Linear:
                values[0] = values[0].T
            names = ("weight", "bias", "running_mean", "running_var")[: len(values)]
            for name, value in zip(names, values, strict=True):
                getattr(module, name).data.copy_(value)


def keras_forms(model: keras.Model, x: np.ndarray, y: np.ndarray) -> Forms:
    """Return inference and training step of a Keras model."""
    optimizer = keras.optimizers.SGD(RATE, momentum=MOMENTUM)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return {
        "inference": lambda: model.predict_on_batch(x),
        "training step": lambda: model.train_on_batch(x, y),
    }


def torch_forms(model: nn.Module, x: np.ndarray, y: np.ndarray, channels_last: bool) -> Forms:
    """Return inference and training step of a PyTorch model; the pictures are turned to its order beforehand."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = model.to(memory_format=layout)
    pictures = torch.from_numpy(np.moveaxis(x, -1, 1).copy()).contiguous(memory_format=layout)
    labels = torch.from_numpy(y)
    optimizer = torch.optim.SGD(model.parameters(), RATE, MOMENTUM)

    def infer() -> np.ndarray:
        model.eval()
        with torch.inference_mode():
            return torch.softmax(model(pictures), 1).numpy()

    def step() -> float:
        model.train()
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(pictures), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return {"inference": infer, "training step": step}


def all_forms() -> dict[str, Forms]:
    """Build every form with the same weights and check that they compute the same."""
    rng = np.random.default_rng(0)
    x = rng.random((BATCH, SIDE, SIDE, 3), dtype=np.float32)
    y = rng.integers(0, CLASSES, BATCH)
    ours = resnet(50, (SIDE, SIDE, 3), CLASSES)
    theirs = keras.applications.ResNet50(weights=None, input_shape=(SIDE, SIDE, 3), classes=CLASSES)
    copy_weights(ours, theirs)
    forms = {OURS: keras_forms(ours, x, y), THEIRS: keras_forms(theirs, x, y)}
    for name in (PYTORCH, CHANNELS_LAST):
        model = torch_resnet50()
        copy_into_torch(ours, model)
        forms[name] = torch_forms(model, x, y, name == CHANNELS_LAST)
    # Training steps are compared too: the weights change by them, and the moving averages with them.
    for work in ("inference", "training step", "inference"):
        wanted = forms[OURS][work]()
        for name, form in forms.items():
            if name != OURS:
                np.testing.assert_allclose(
                    form[work](), wanted, rtol=1e-2, atol=1e-3, err_msg=f"{name}, {work}"
                )
    return forms


def main() -> int:
    given = arguments(__doc__.splitlines()[0], 20)
    torch.set_num_threads(2)
    forms = all_forms()
    results, missed = {}, []
    for work, slowest in SLOWEST.items():
        found = results[work] = ratios(
            {name: form[work] for name, form in forms.items()}, PYTORCH, given.rounds
        )
        print(f"\n{work}, {BATCH} pictures of {SIDE}×{SIDE}: time over PyTorch's (quartiles)")
        for name, (low, median, high) in found.items():
            print(f"  {name:<24}{median:.2f} ({low:.2f} to {high:.2f})")
        if found[OURS][1] > slowest:
            missed.append(f"{work}: {found[OURS][1]:.2f} times PyTorch's time, wanted {slowest}")
    return conclude(results, missed, given.json)


if __name__ == "__main__":
    sys.exit(main())
