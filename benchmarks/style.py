"""How fast a step of painting is beside the textbook's form of it and the same step in PyTorch.

Run ``python benchmarks/style.py [--json FILE] [--rounds N]``. A photograph of 256×256 pixels in the style of a
painting, VGG-19 with the bundled weights, six layers, Adam, clipping; two threads. The textbook's form runs eagerly and
computes the targets anew at every step. PyTorch is not among the course's requirements (``pip install torch``); without
it its rows say so.
"""

import sys

from _threads import limit_threads

limit_threads(2)

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from timing import arguments, conclude, ratios

from utils.data import painting, photograph, to_float
from utils.models.vgg import vgg19_features
from utils.style.network import CONTENT_LAYER, STYLE_LAYERS
from utils.style.painting import painting_steps

try:
    import torch
except ImportError:
    torch = None

SIDE, RATE, ALPHA, BETA = 256, 0.02, 10.0, 40.0
OURS, TEXTBOOK = "ours", "eager, targets anew at every step"
PYTORCH, CHANNELS_LAST = "PyTorch", "PyTorch, channels last"
LEAST = {TEXTBOOK: 3.0, PYTORCH: 1 / 1.1}  # their time over ours

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


def torch_step(network: keras.Model, content: np.ndarray, style: np.ndarray, channels_last: bool) -> Step:
    """Return the same step in plain PyTorch: the same weights, targets computed once, the network cut likewise."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    modules, kept = torch_vgg(network)
    for module in modules:
        module.to(memory_format=layout)
        module.requires_grad_(False)
    mean, deviation = (
        torch.tensor(values).reshape(1, 3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )

    def maps(picture: torch.Tensor) -> dict[str, torch.Tensor]:
        x, found = (picture - mean) / deviation, {}
        for number, module in enumerate(modules):
            x = module(x)
            if number in kept:
                found[kept[number]] = x
        return found

    def gram(maps: torch.Tensor) -> torch.Tensor:
        rows = maps.reshape(maps.shape[1], -1)
        return rows @ rows.T

    def tensor(picture: np.ndarray) -> torch.Tensor:
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


def torch_vgg(network: keras.Model) -> "tuple[list[torch.nn.Module], dict[int, str]]":
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


def all_steps() -> dict[str, Step]:
    """Build every form and check that their costs agree over the first steps."""
    network = vgg19_features()
    content, style = (
        to_float(image[:SIDE, :SIDE]) for image in (photograph("china"), painting("starry-night"))
    )
    steps = {OURS: our_step(network, content, style), TEXTBOOK: textbook_step(network, content, style)}
    if torch is not None:
        torch.set_num_threads(2)
        for name in (PYTORCH, CHANNELS_LAST):
            steps[name] = torch_step(network, content, style, name == CHANNELS_LAST)
    for _ in range(3):
        costs = {name: step() for name, step in steps.items()}
        np.testing.assert_allclose(list(costs.values()), costs[OURS], rtol=2e-2, err_msg=str(list(costs)))
    return steps


def main() -> int:
    given = arguments(__doc__.splitlines()[0], 10)
    results = ratios(all_steps(), OURS, given.rounds)
    print(f"a step of painting, {SIDE}×{SIDE}: time over ours (quartiles)")
    for name, (low, median, high) in results.items():
        print(f"  {name:<36}{median:.2f} ({low:.2f} to {high:.2f})")
    if torch is None:
        print(f"  {PYTORCH:<36}not installed: pip install torch")
    missed = [
        f"{name} takes {results[name][1]:.2f} times our time, wanted at least {least:.2f}"
        for name, least in LEAST.items()
        if name in results and results[name][1] < least
    ]
    return conclude(results, missed, given.json)


if __name__ == "__main__":
    sys.exit(main())
