"""Our ResNet-50 in Keras beside the same network in plain PyTorch, `keras.applications`, and its multiplications.

A training step is ``train_on_batch``, or forward, backward and ``step``, all with SGD and momentum; inference gives
back a NumPy array. Our weights are copied into the others first, and the outputs compared, before and after a step.
"""

from collections.abc import Callable, Mapping
from functools import cache, partial
from types import ModuleType
from typing import Any

import keras
import numpy as np
from keras import layers

from benchmarks.cases import Case, Form, Missing, Work
from benchmarks.peers import SGEMM, multiplications, torch_on
from utils.models.resnet import copy_weights, resnet

BATCH, SIDE, CLASSES = 32, 64, 10
STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))  # width, blocks, stride of the first block
EPSILON = 1.001e-5  # as keras.applications has it
# A step of 0.01 multiplies rounding so much that PyTorch's two layouts differ by 0.002 in their outputs after it.
RATE, MOMENTUM = 0.002, 0.9
OURS, THEIRS, TORCH, CHANNELS_LAST = "ours", "keras.applications", "PyTorch", "PyTorch, channels last"
INFERENCE, STEP = "inference", "training step"

Calls = dict[str, Callable[[], Any]]


def torch_resnet50(torch: ModuleType) -> Any:
    """Build ResNet-50 in plain PyTorch, with biases and the stride in the first 1×1 convolution; gives logits."""
    nn = torch.nn

    def conv_bn(inputs: int, outputs: int, size: int, stride: int = 1) -> Any:
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

        def forward(self, x: Any) -> Any:
            y = torch.relu(self.second(torch.relu(self.first(x))))
            return torch.relu(self.third(y) + self.projection(x))

    parts = [conv_bn(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for width, blocks, stride in STAGES:
        for number in range(blocks):
            parts.append(Block(channels, width, 1 if number else stride))
            channels = 4 * width
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))


def copy_into_torch(torch: ModuleType, source: keras.Model, target: Any) -> None:
    """Copy all weights; convolutions, normalisations and the dense layer stand in the same order in both."""
    nn = torch.nn
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


def keras_calls(model: keras.Model, x: np.ndarray, y: np.ndarray) -> Calls:
    """Return inference and training step of a Keras model."""
    optimizer = keras.optimizers.SGD(RATE, momentum=MOMENTUM)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return {INFERENCE: lambda: model.predict_on_batch(x), STEP: lambda: model.train_on_batch(x, y)}


def torch_calls(torch: ModuleType, model: Any, x: np.ndarray, y: np.ndarray, channels_last: bool) -> Calls:
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

    return {INFERENCE: infer, STEP: step}


def multiply_adds(model: keras.Model) -> int:
    """Return the multiply-adds of all convolutions of a model for one picture."""
    found = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    return sum(int(np.prod(layer.output.shape[1:3])) * int(np.prod(layer.kernel.shape)) for layer in found)


@cache
def prepared() -> tuple[dict[str, Calls | Missing], int]:
    """Build every form with the same weights, check that they compute the same, and count one forward pass.

    Both cases share them: to build and to compile takes longer than to measure.
    """
    rng = np.random.default_rng(0)
    x = rng.random((BATCH, SIDE, SIDE, 3), dtype=np.float32)
    y = rng.integers(0, CLASSES, BATCH)
    keras.utils.set_random_seed(0)
    ours = resnet(50, (SIDE, SIDE, 3), CLASSES)
    theirs = keras.applications.ResNet50(weights=None, input_shape=(SIDE, SIDE, 3), classes=CLASSES)
    copy_weights(ours, theirs)
    calls: dict[str, Calls | Missing] = {OURS: keras_calls(ours, x, y), THEIRS: keras_calls(theirs, x, y)}
    torch = torch_on(2)
    for name in (TORCH, CHANNELS_LAST):
        if isinstance(torch, Missing):
            calls[name] = torch
            continue
        model = torch_resnet50(torch)
        copy_into_torch(torch, ours, model)
        calls[name] = torch_calls(torch, model, x, y, name == CHANNELS_LAST)
    check({name: found for name, found in calls.items() if not isinstance(found, Missing)})
    return calls, BATCH * multiply_adds(ours)


def check(calls: Mapping[str, Calls]) -> None:
    """Compare outputs, a step, and the outputs after it: weights change by it, and the moving averages with them."""
    for work in (INFERENCE, STEP, INFERENCE):
        wanted = calls[OURS][work]()
        for name in calls.keys() - {OURS}:
            np.testing.assert_allclose(
                calls[name][work](), wanted, rtol=1e-2, atol=1e-3, err_msg=f"{name}, {work}"
            )


def resnet50(work: str, passes: int) -> Work:
    """Prepare inference or the training step, which has so many passes' multiplications."""
    calls, count = prepared()
    forms = {
        name: found if isinstance(found, Missing) else Form(found[work]) for name, found in calls.items()
    }
    return Work(forms.pop(OURS), forms, {SGEMM: multiplications(passes * count)})


def case(work: str, passes: int, at_most: float, budget: float) -> Case:
    """Return one of the two; the goal is a share of plain PyTorch's time."""
    says = f"ResNet-50, {BATCH} pictures {SIDE}×{SIDE}"
    return Case(work, says, partial(resnet50, work, passes), {TORCH: at_most}, budget=budget)


# Backward takes two products as large as forward's: for the weights and for the input.
CASES = [case(INFERENCE, 1, at_most=1.1, budget=12), case(STEP, 3, at_most=1.0, budget=30)]
