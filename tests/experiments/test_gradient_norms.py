"""The run behind the depth slider: its gradients are gradients, and its log holds every network of the slider."""

import numpy as np
import pytest

from utils.data import load_fashion_mnist
from utils.data.runs import load_run
from utils.experiments import gradient_norms
from utils.experiments.index import load_experiment

ROWS = load_run("gradient-norms")["rows"]


def test_the_log_holds_every_part_with_a_norm_for_each_layer():
    assert [row["part"] for row in ROWS] == list(load_experiment("gradient-norms").parts)
    for row in ROWS:
        norms = np.array(row["norms"])
        assert norms.shape == (3, row["depth"])
        assert (norms > 0).all()


def test_every_start_has_other_pictures_of_half_the_size():
    (pictures, _), _ = load_fashion_mnist()
    x, y = gradient_norms._batch(1)
    assert (x.shape, y.shape) == ((32, 14, 14, 1), (32,))
    whole = pictures[np.random.default_rng(1).choice(len(pictures), 32, replace=False)]
    np.testing.assert_allclose(x.mean((1, 2, 3)), whole.mean((1, 2)) / 255, rtol=1e-5)
    assert (x != gradient_norms._batch(2)[0]).any()


@pytest.mark.slow
@pytest.mark.parametrize("row", [row for row in ROWS if row["depth"] == 8], ids=lambda row: row["part"])
def test_the_run_can_be_repeated_and_its_last_layer_agrees_with_the_closed_form(row, tmp_path):
    import keras

    from utils.models.resnet import cifar_resnet

    norms = gradient_norms.work(row, tmp_path)["norms"]
    np.testing.assert_allclose(norms, row["norms"], rtol=0.02)
    x, y = gradient_norms._batch(0)
    keras.utils.set_random_seed(0)
    model = cifar_resnet(8, (14, 14, 1), 10, row["residual"], 8, row["batch_norm"])
    both = keras.Model(model.input, [model.layers[-2].output, model.output])
    features, probabilities = (np.asarray(part) for part in both(x, training=True))
    # Softmax and cross-entropy: the gradient of the logits is (p − one-hot) / m.
    gradient = features.T @ (probabilities - np.eye(10)[y]) / len(y)
    assert norms[0][-1] == pytest.approx(np.linalg.norm(gradient), rel=1e-3)
