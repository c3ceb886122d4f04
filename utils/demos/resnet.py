"""What the demo of residual networks says; what it draws and computes stands in `utils.plots` and `utils.models`."""

NOTICE = {  # (shortcuts, BatchNorm)
    (False, True): "On the way back through a plain network the gradient grows from layer to layer: "
    "the deeper the network, the further apart its first layer and its last.",
    (True, True): "Shortcuts carry the gradient past the convolutions: at any depth most layers get "
    "gradients of about one size. 56 layers can be trained; better than 20 they are not here.",
    (False, False): "Without BatchNorm nothing grows any more, everything shrinks: "
    "the deeper the plain network, the smaller are the gradients of all its layers.",
    (True, False): "Shortcuts alone keep the gradients alive, even without BatchNorm.",
}
SEEN = (
    "The network sees only the square, and knows 1,000 kinds of things. What it does not know "
    "it takes for something that it knows; look how the bars tell you."
)
READY = (
    "EfficientNet-Lite0 (Tan and Le 2019), trained on ImageNet; nine of its sixteen blocks have shortcuts."
)
AT_WORK = "The network is at work; at first it is built, which takes seconds."


def say_runs(*runs: dict) -> str:
    """Name logged runs, their machine and Keras' version, as HTML; as `utils.data.runs.load_run` gives them."""
    commands = ", ".join(f"<b>{run['command']}</b>" for run in runs)
    last = runs[-1]
    return (
        f"Logged runs, three random starts each, Fashion-MNIST at 14×14 pixels: {commands} "
        f"({last['machine']}, Keras {last['versions']['keras']})."
    )
