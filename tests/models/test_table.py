"""The table of networks in week 2's README is what the code gives, and the papers' figures are near it."""

import re
from pathlib import Path

import keras
import pytest
from keras import layers

from utils.models.classic import alexnet, lenet5_1998, vgg16
from utils.models.counts import multiply_adds, parameters
from utils.models.inception import googlenet, network_in_network
from utils.models.resnet import cifar_resnet, resnet

README = Path(__file__).parents[2] / "week2_resnets" / "README.md"
NETWORKS = {
    "LeNet-5": lenet5_1998,
    "AlexNet": alexnet,
    "VGG-16": vgg16,
    "network in network": network_in_network,
    "GoogLeNet": lambda: googlenet(auxiliary=False),
    **{f"ResNet-{depth}": lambda depth=depth: resnet(depth) for depth in (18, 34, 50, 101, 152)},
    **{f"ResNet-{depth}, CIFAR": lambda depth=depth: cifar_resnet(depth) for depth in (20, 56, 110)},
}
UNITS = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
# Of the parameters in table 1 of the GoogLeNet paper several do not fit its own filters; see test_inception.
TOLERANCE = {"GoogLeNet": 0.056}


def rows():
    """Return the cells of each row of the table, by network."""
    cells = (line.strip("| ").split(" | ") for line in README.read_text(encoding="utf-8").splitlines())
    return {row[0]: row[1:] for row in cells if row[0] in NETWORKS}


def stated(cell):
    """Return the number of a paper's cell, or None where the paper states none."""
    found = re.match(r"([\d.,]+)(?: (thousand|million|billion))?", cell)
    return found and float(found[1].replace(",", "")) * UNITS.get(found[2], 1)


def test_every_network_stands_in_the_table():
    assert list(rows()) == list(NETWORKS)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_row_is_what_the_code_gives(name):
    _, paper_parameters, our_parameters, paper_work, our_work = rows()[name]
    model = NETWORKS[name]()
    counted, work = parameters(model), multiply_adds(model)
    assert our_parameters == f"{counted:,}"
    assert our_work == f"{work / 1e6:,.1f} million"
    tolerance = TOLERANCE.get(name, 0.025)
    for cell, ours in ((paper_parameters, counted), (paper_work, work)):
        if stated(cell) is not None:
            assert ours == pytest.approx(stated(cell), rel=tolerance)


def test_convolutions_count_at_every_position_and_groups_share_the_channels():
    inputs = keras.Input((8, 6, 4))
    x = layers.Conv2D(10, 3, strides=2, padding="same")(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.Conv2D(6, (1, 3), groups=2)(x)
    x = layers.Dense(5)(layers.Flatten()(x))
    model = keras.Model(inputs, x)
    assert multiply_adds(model) == 4 * 3 * 9 * 4 * 10 + 4 * 1 * 3 * 5 * 6 + 24 * 5
    assert parameters(model) == 370 + 20 + 96 + 125
    assert multiply_adds(keras.Sequential([keras.Input((8, 6, 4)), model])) == multiply_adds(model)


def test_an_open_size_is_refused():
    model = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(2, 3)])
    with pytest.raises(ValueError, match="fixed input size"):
        multiply_adds(model)
