"""Week 4, lesson 5, beyond images: what is asked. The answers stand elsewhere."""

from utils.exercises.entry import Exercise

_LIBRARY = (
    "keras.layers.Conv1D",
    "keras.layers.Conv3D",
    "keras.ops.conv",
    "tensorflow.nn.conv1d",
    "tensorflow.nn.conv3d",
    "tensorflow.nn.convolution",
    "scipy.signal.correlate",
    "scipy.ndimage.correlate",
)

EXERCISES = (
    Exercise(
        notebook="w4l5",
        function="conv1d_forward",
        signature="(x, W, b, stride=1, pad=0)",
        points=1,
        task="Slide filters along signals: the convolution layer of week 1 with one axis instead of two.",
        hints=(
            "Pad the axis of time only: `np.pad(x, ((0, 0), (pad, pad), (0, 0)))`. Then n' = (n + 2·pad − f) "
            "// stride + 1.",
            "The window of output t begins at t·stride and is f samples long: an array (m, f, C_in).",
            "Window times filter, summed over the f samples and the C_in channels: `np.tensordot(window, W, "
            "2)` gives (m, C_out). Add b.",
        ),
        answered_by=_LIBRARY,
    ),
    Exercise(
        notebook="w4l5",
        function="conv3d_forward",
        signature="(x, W, b, stride=1, pad=0)",
        points=2,
        task="Slide filters through volumes: the convolution layer with three axes.",
        hints=(
            "Three axes are padded and three sizes computed: depth, height, width. Batch and channels stay.",
            "Three loops, over the places of the output. In each, the window is cut out of all volumes at "
            "once: (m, f, f, f, C_in).",
            "`np.tensordot(window, W, 4)` sums over f·f·f voxels and C_in channels and gives (m, C_out).",
        ),
        answered_by=_LIBRARY,
    ),
)
