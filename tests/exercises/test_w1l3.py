"""Keras' own summary is the last word on the answer key of `layer_table`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.answers.week1.w1l3 import ANSWERS

ORACLE = ANSWERS["layer_table"].oracle

CONV = st.fixed_dictionaries(
    {
        "type": st.just("conv"),
        "filters": st.integers(1, 9),
        "size": st.integers(1, 6),
        "stride": st.integers(1, 3),
        "padding": st.sampled_from(["valid", "same"]),
    }
)
POOL = st.fixed_dictionaries(
    {"type": st.just("pool"), "size": st.integers(1, 4), "stride": st.integers(1, 4)}
)
DENSE = st.fixed_dictionaries({"type": st.just("dense"), "units": st.integers(1, 12)})


@st.composite
def networks(draw):
    rows = draw(st.lists(st.one_of(CONV, POOL), max_size=4))
    if draw(st.booleans()):
        rows += [{"type": "flatten"}, *draw(st.lists(DENSE, max_size=2))]
    return [{**row, "name": f"layer{i}"} for i, row in enumerate(rows)]


def keras_table(rows, input_shape):
    import keras

    make = {
        "conv": lambda r: keras.layers.Conv2D(
            r["filters"], r["size"], r["stride"], r["padding"], name=r["name"]
        ),
        "pool": lambda r: keras.layers.MaxPooling2D(r["size"], r["stride"], name=r["name"]),
        "flatten": lambda r: keras.layers.Flatten(name=r["name"]),
        "dense": lambda r: keras.layers.Dense(r["units"], name=r["name"]),
    }
    model = keras.Sequential([keras.Input(input_shape), *(make[row["type"]](row) for row in rows)])
    return [(layer.name, layer.output.shape[1:], layer.count_params()) for layer in model.layers]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(networks(), st.tuples(st.integers(3, 30), st.integers(3, 30), st.integers(1, 4)))
def test_the_oracle_gives_keras_own_summary(rows, input_shape):
    try:
        expected = keras_table(rows, input_shape)
    except ValueError:
        with pytest.raises(ValueError, match="window"):
            ORACLE(rows, input_shape)
        return
    assert ORACLE(rows, input_shape) == expected
