"""A step of painting beside the textbook's form of it, the same step in PyTorch, and its multiplications.

A photograph of 256×256 pixels in the style of a painting, VGG-19 with the bundled weights, six layers, Adam, clipping.
The textbook's form runs eagerly and computes the targets anew at every step. The costs of the first steps must agree.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.cases import Case, Form, Missing, Work
from benchmarks.peers import SGEMM, multiplications, torch_on
from utils.data import painting, photograph, to_float
from utils.models.vgg import vgg19_features
from utils.style.network import CONTENT_LAYER, STYLE_LAYERS
from utils.style.painting import painting_steps

SIDE, RATE, ALPHA, BETA = 256, 0.02, 10.0, 40.0
OURS, TEXTBOOK = "ours", "eager, targets anew at every step"
TORCH, CHANNELS_LAST = "PyTorch", "PyTorch, channels last"

Step = Callable[[], float]  # does one step and returns the cost of the picture before it


def our_step(network: keras.Model, content: np.ndarray, style: np.ndarray) -> Step:
    """Return a step of `painting_steps`; without its margin, so that all have the same number of pixels."""
    steps = painting_steps(content, style, network=network, steps=10**6, margin=0, learning_rate=RATE)
    return lambda: next(steps).cost


def textbook_step(network: keras.Model, content: np.ndarray, style: np.ndarray) -> Step:
    """Return a step as tutorials write it: eager, features of all three pictures inside the tape."""
    names = [*STYLE_LAYERS, CONTENT_LAYER]
    model = keras.Model(network.input, [network.get_layer(name).output for name in names])
    content, style = tf.constant(content[None]), tf.constant(style[None])
    picture, optimizer = tf.Variable(content), keras.optimizers.Adam(RATE)

    def gram(maps: tf.Tensor) -> tf.Tensor:
        rows = tf.reshape(maps, (-1, maps.shape[-1]))
        return tf.matmul(rows, rows, transpose_a=True)

    def step() -> float:
        with tf.GradientTape() as tape:
            *styles, _ = model(style)
            wanted = model(content)[-1]
            *generated, found = model(picture)
            cost = ALPHA * tf.reduce_sum((found - wanted) ** 2) / (4.0 * np.prod(found.shape))
            for theirs, ours in zip(styles, generated, strict=True):
                size = 2.0 * np.prod(ours.shape)
                cost += BETA / len(styles) * tf.reduce_sum((gram(theirs) - gram(ours)) ** 2) / size**2
        optimizer.apply_gradients([(tape.gradient(cost, picture), picture)])
        picture.assign(tf.clip_by_value(picture, 0, 1))
        return float(cost)

    return step


def torch_step(
    torch: ModuleType, network: keras.Model, content: np.ndarray, style: np.ndarray, channels_last: bool
) -> Step:
    """Return the same step in plain PyTorch: the same weights, targets computed once, the network cut likewise."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    modules, kept = torch_vgg(torch, network)
    for module in modules:
        module.to(memory_format=layout)
        module.requires_grad_(False)
    mean, deviation = (
        torch.tensor(values).reshape(1, 3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )

    def maps(picture: Any) -> dict[str, Any]:
        x, found = (picture - mean) / deviation, {}
        for number, module in enumerate(modules):
            x = module(x)
            if number in kept:
                found[kept[number]] = x
        return found

    def gram(maps: Any) -> Any:
        rows = maps.reshape(maps.shape[1], -1)
        return rows @ rows.T

    def tensor(picture: np.ndarray) -> Any:
        return torch.from_numpy(np.moveaxis(picture, -1, 0)[None].copy()).contiguous(memory_format=layout)

    with torch.no_grad():
        wanted = maps(tensor(content))[CONTENT_LAYER]
        grams = {name: gram(maps(tensor(style))[name]) for name in STYLE_LAYERS}
    picture = tensor(content).requires_grad_()
    optimizer = torch.optim.Adam([picture], RATE)

    def step() -> float:
        optimizer.zero_grad()
        found = maps(picture)
        cost = ALPHA * ((found[CONTENT_LAYER] - wanted) ** 2).sum() / (4 * wanted.numel())
        for name, theirs in grams.items():
            size = 2 * found[name].numel()
            cost = cost + BETA / len(grams) * ((theirs - gram(found[name])) ** 2).sum() / size**2
        cost.backward()
        optimizer.step()
        with torch.no_grad():
            picture.clamp_(0, 1)
        return cost.item()

    return step


def torch_vgg(torch: ModuleType, network: keras.Model) -> tuple[list[Any], dict[int, str]]:
    """Return VGG-19's modules up to the content layer with the network's weights, and which outputs are kept."""
    modules, kept = [], {}
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = (torch.from_numpy(value.copy()) for value in layer.get_weights())
            convolution = torch.nn.Conv2d(kernel.shape[2], kernel.shape[3], 3, padding=1)
            convolution.weight.data.copy_(kernel.permute(3, 2, 0, 1))
            convolution.bias.data.copy_(bias)
            modules += [convolution, torch.nn.ReLU(inplace=True)]
        elif isinstance(layer, keras.layers.MaxPooling2D):
            modules.append(torch.nn.MaxPool2d(2))
        if layer.name in (*STYLE_LAYERS, CONTENT_LAYER):
            kept[len(modules) - 1] = layer.name
        if layer.name == CONTENT_LAYER:
            break
    return modules, kept


def multiply_adds(network: keras.Model) -> int:
    """Return those of one step: each convolution forward and back to its input, and a Gram matrix a style layer.

    A Gram matrix and its gradient are one product each.
    """
    total, side = 0, SIDE
    for layer in network.layers:
        if isinstance(layer, keras.layers.MaxPooling2D):
            side //= 2
        if isinstance(layer, keras.layers.Conv2D):
            total += 2 * side**2 * int(np.prod(layer.kernel.shape))
        if layer.name in STYLE_LAYERS:
            total += 2 * side**2 * layer.kernel.shape[-1] ** 2
        if layer.name == CONTENT_LAYER:
            break
    return total


def painting_step() -> Work:
    """Build every form and check that their costs agree over the first steps."""
    network = vgg19_features()
    content, style = (
        to_float(image[:SIDE, :SIDE]) for image in (photograph("china"), painting("starry-night"))
    )
    steps = {OURS: our_step(network, content, style), TEXTBOOK: textbook_step(network, content, style)}
    torch = torch_on(2)
    peers: dict[str, Form | Missing] = {}
    for name in (TORCH, CHANNELS_LAST):
        if isinstance(torch, Missing):
            peers[name] = torch
        else:
            steps[name] = torch_step(torch, network, content, style, name == CHANNELS_LAST)
    for _ in range(3):
        costs = {name: step() for name, step in steps.items()}
        np.testing.assert_allclose(list(costs.values()), costs[OURS], rtol=2e-2, err_msg=str(list(costs)))
    forms = {name: Form(step) for name, step in steps.items()}
    return Work(forms.pop(OURS), {**forms, **peers}, {SGEMM: multiplications(multiply_adds(network))})


CASES = [
    Case(
        "a step of painting",
        f"{SIDE}×{SIDE} pixels, VGG-19, six layers",
        painting_step,
        {TEXTBOOK: round(1 / 3, 2), TORCH: 1.0, SGEMM: round(1 / 0.7, 2)},
        budget=35,
    )
]
