"""Static list of the long runs; it imports none of them, so that listing is instant."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from utils.experiments.experiment import Experiment

# Name on the command line → module that defines EXPERIMENT.
EXPERIMENTS: dict[str, str] = {
    "augmentation-strength": "utils.experiments.augmentation_strength",
    "dcgan-digits": "utils.experiments.dcgan_digits",
    "ensembles-fashion": "utils.experiments.ensembles_fashion",
    "faces-mining": "utils.experiments.faces_mining",
    "faces-siamese": "utils.experiments.faces_siamese",
    "gradient-norms": "utils.experiments.gradient_norms",
    "hand-engineering": "utils.experiments.hand_engineering",
    "latent-plane": "utils.experiments.latent_plane",
    "lenet5-mnist": "utils.experiments.lenet5_mnist",
    "one-class-fashion": "utils.experiments.one_class_fashion",
    "residual-depths": "utils.experiments.residual_depths",
    "resnet50-fashion": "utils.experiments.resnet50_fashion",
    "transfer-cut-outs": "utils.experiments.transfer_cut_outs",
    "yolo-six-kinds": "utils.experiments.yolo_six_kinds",
    "yolo-tree-crowns": "utils.experiments.yolo_tree_crowns",
}


def load_experiment(name: str) -> "Experiment":
    """Load a long run by name.

    Raises
    ------
    KeyError
        When there is no such run; the message lists those that there are.
    """
    if name not in EXPERIMENTS:
        raise KeyError(f"no run {name!r}; there are: {', '.join(EXPERIMENTS) or 'none'}")
    return import_module(EXPERIMENTS[name]).EXPERIMENT
