"""Week 1, lesson 2, padding, strides and volumes: what is asked. The answers stand elsewhere."""

from utils.exercises.entry import Exercise

EXERCISES = (
    Exercise(
        notebook="w1l2",
        function="conv_output_size",
        signature="(n, f, pad, stride)",
        points=2,
        task="Return how many places a filter has along one side of a picture.",
        hints=(
            "Padding adds `pad` pixels at *both* ends. On that longer side: how far can the left edge of "
            "the filter move until its right edge reaches the end?",
            "It can move by n + 2·pad − f pixels. Every `stride` pixels there is a place, and the "
            "starting place counts too.",
            "What is left over after the last whole step is dropped: Python's `//` rounds down and keeps "
            "whole numbers.",
        ),
        answered_by=("utils.layers.conv_output_length", "utils.layers.shapes.conv_output_length"),
    ),
    Exercise(
        notebook="w1l2",
        function="same_padding",
        signature="(f)",
        points=2,
        task="Return the padding that keeps the size of a picture at stride 1.",
        hints=(
            "Put n' = n and stride 1 into the formula for the size and solve it for the padding.",
            "An f without a middle pixel has no answer among the whole numbers: `f % 2` tells, and `raise "
            "ValueError(...)` says so.",
        ),
    ),
    Exercise(
        notebook="w1l2",
        function="zero_pad",
        signature="(X, pad)",
        points=3,
        task="Put a border of zeros around every picture of a batch.",
        hints=(
            "Four axes: batch, height, width, channels. Which of them get longer, and by how much?",
            "One way: make an array of zeros of the larger shape and copy X into its middle. The middle "
            "starts at `pad` and is as long as X is.",
            "Another way: `np.pad` takes one pair (before, after) for each axis; an axis that stays as it "
            "is has the pair (0, 0).",
        ),
        answered_by=(
            "utils.layers.pad2d",
            "utils.layers.shapes.pad2d",
            "tensorflow.pad",
            "keras.ops.pad",
            "keras.layers.ZeroPadding2D",
        ),
    ),
    Exercise(
        notebook="w1l2",
        function="conv_single_step",
        signature="(a_slice_prev, W, b)",
        points=2,
        task="Compute one number of a convolution over volumes: one filter at one place.",
        hints=(
            "The window and the filter have the same shape. Multiply them element by element, and add up "
            "*all* products, over height, width and channels.",
            "Add the bias once, to the finished sum. `b` is an array of shape (1, 1, 1); take the number "
            "out of it, with `b.item()` or `b[0, 0, 0]`.",
        ),
        answered_by=(
            "utils.layers.conv2d",
            "utils.layers.conv.conv2d",
            "scipy.signal.correlate",
            "tensorflow.nn.conv2d",
            "keras.ops.conv",
        ),
    ),
    Exercise(
        notebook="w1l2",
        function="parameter_count",
        signature="(f, n_C_prev, n_C)",
        points=2,
        task="Return how many numbers a convolution layer learns.",
        hints=(
            "Begin with a single filter. How many weights has it, if it is f wide, f high and reaches "
            "through all channels of its input? And how many biases?",
            "There are `n_C` such filters, and they share nothing.",
        ),
    ),
)
