"""A blank notebook is run in short: fewer cells, one batch an epoch."""

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.course.blank import shorten_trainings, shortened


def notebook(*sources):
    cells = [new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
    return new_notebook(cells=[new_markdown_cell("# Title"), *cells])


def test_only_what_is_reached_and_trainings_shortened_where_there_are_any():
    plain = shortened(notebook("x = 1", "print(2)", "y = mine(x)"), ["mine"])
    assert [cell.source for cell in plain.cells] == ["x = 1", "y = mine(x)"]
    first, *others = shortened(notebook("model = mine()", "model.fit(x)"), ["mine"]).cells
    assert [cell.source for cell in others] == ["model = mine()", "model.fit(x)"]
    assert first.source.endswith("shorten_trainings()")
    compile(first.source, "cell", "exec")


@pytest.mark.slow
@pytest.mark.parametrize("batches", ["arrays", "data set"])
def test_one_batch_an_epoch_and_all_epochs(batches, monkeypatch):
    import keras
    import tensorflow as tf

    monkeypatch.setattr(keras.Model, "fit", keras.Model.fit)
    shorten_trainings()
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((12, 2), np.float32), np.zeros((12, 1), np.float32)
    given = (tf.data.Dataset.from_tensor_slices((x, y)).batch(3),) if batches == "data set" else (x, y)
    steps = []
    told = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: steps.append(batch))
    options = {"epochs": 7, "validation_data": (x, y), "verbose": 0, "callbacks": [told]}
    history = model.fit(*given, **options).history
    assert len(steps) == 7
    assert [len(values) for values in history.values()] == [7, 7]
    assert history["loss"][-1] < history["loss"][0]
