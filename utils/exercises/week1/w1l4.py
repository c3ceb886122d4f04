"""Public half of lesson 4 of week 1: why convolutions need few weights, see far and cost what they cost."""

from utils.exercises.case import Case
from utils.exercises.entry import Exercise


def build_multiply_adds(case: Case) -> tuple[tuple, dict]:
    """Pass the layer as it stands and the input shape as a tuple, which JSON does not know."""
    return (case.params["layer"], tuple(case.params["input_shape"])), {}


def build_parameter_savings(case: Case) -> tuple[tuple, dict]:
    """Pass the input shape as a tuple, which JSON does not know."""
    return (tuple(case.params["input_shape"]), case.params["f"], case.params["filters"]), {}


EXERCISES = (
    Exercise(
        notebook="w1l4",
        function="parameter_savings",
        signature="(input_shape, f, filters)",
        points=2,
        task="Return how many times more parameters a dense layer needs than a convolution for the same output.",
        hints=(
            "Count the parameters of both layers, biases included, and divide the larger by the smaller.",
            "The output has (height − f + 1) · (width − f + 1) · filters numbers. The dense layer has one "
            "unit for each of them, and each unit has one weight for every input number and a bias.",
        ),
        build=build_parameter_savings,
    ),
    Exercise(
        notebook="w1l4",
        function="receptive_field",
        signature="(layers)",
        points=4,
        task="Return the side of the square of input pixels that one output value can see.",
        hints=(
            "Begin with one value of the output of no layer at all: it sees 1 pixel. A window of `size` adds "
            "`size - 1` neighbours. How many input pixels apart are neighbours at this depth?",
            "Keep two numbers: `field`, which grows, and `jump`, the distance in input pixels between "
            "neighbouring values that arrive at the layer. At the start both are 1.",
            "For each layer, in this order: `field` grows by `(size - 1) * jump`, then `jump` is "
            "multiplied by the layer's stride, because it spreads the values that the next layer gets.",
        ),
    ),
    Exercise(
        notebook="w1l4",
        function="multiply_adds",
        signature="(layer, input_shape)",
        points=3,
        task="Return how many multiplications a layer makes for one picture.",
        hints=(
            "For one number of the output: how many weights does it take? Then: how many numbers are there "
            "in the output?",
            "A conv output of height · width · filters numbers takes size · size · (input channels) "
            "multiplications for each of them. The height and width are those of the *output*: `(n - f) // "
            "stride + 1` for valid, `-(-n // stride)` for same.",
            "A dense layer multiplies each input by one weight for each unit. Pooling and flatten multiply "
            "nothing: 0.",
        ),
        build=build_multiply_adds,
    ),
)
