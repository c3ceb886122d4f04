"""Painting with tiny networks: costs fall, targets are computed once, nothing is lost."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from skimage.color import rgb2yiq

from tests.style_transfer.tiny import CONTENT, OPTIONS, STYLE, network, picture
from utils.style import painting
from utils.style.network import feature_extractor
from utils.style.painting import paint, painting_steps
from utils.style.targets import compile_gradient, prepare_targets

CONTENT_PICTURE, STYLE_PICTURE = picture(0), picture(1, 20, 28)


@pytest.fixture(scope="module")
def net():
    return network()


def steps_of(net, content=CONTENT_PICTURE, style=STYLE_PICTURE, **options):
    return list(painting_steps(content, style, network=net, **OPTIONS | options))


@pytest.mark.parametrize("start", ["content", "noise", "mix", picture(5, 16, 16)])
def test_adam_brings_the_cost_down(net, start):
    found = steps_of(net, steps=30, start=start, rng=np.random.default_rng(0))
    assert [step.step for step in found] == list(range(31))
    assert found[-1].cost < found[0].cost / 3
    for step in found:
        assert step.picture.shape == CONTENT_PICTURE.shape
        assert step.picture.dtype == np.float32
        assert (step.picture.min() >= 0) & (step.picture.max() <= 1)


def test_the_start_is_the_content_and_its_cost_is_the_styles(net):
    first = next(painting_steps(CONTENT_PICTURE, STYLE_PICTURE, network=net, **OPTIONS))
    np.testing.assert_array_equal(first.picture, CONTENT_PICTURE)
    twice = next(painting_steps(CONTENT_PICTURE, STYLE_PICTURE, network=net, **OPTIONS | {"beta": 2000.0}))
    assert twice.cost == pytest.approx(2 * first.cost, rel=1e-4)


def test_lbfgs_never_rises_and_ends_below_adam(net):
    adam = steps_of(net, steps=60)
    found = steps_of(net, steps=60, optimizer="l-bfgs")
    costs = [step.cost for step in found]
    assert (np.diff(costs) <= 0).all()
    assert costs[-1] < min(step.cost for step in adam)
    assert [step.step for step in found][:4] == [0, 10, 20, 30]
    assert all((step.picture.min() >= 0) & (step.picture.max() <= 1) for step in found)


@pytest.mark.parametrize("masked", [False, True])
def test_the_gradient_against_finite_differences(masked):
    extractor = feature_extractor(network("tanh"), ["first", "second", "third"])
    mask = np.zeros((16, 20), np.float32)
    mask[:, 6:] = 0.5
    content, style = picture(0, 16, 20), picture(1, 20, 16)
    targets = prepare_targets(extractor, content, [style], CONTENT, STYLE, [mask] if masked else [])
    strengths = [tf.constant(value) for value in (3.0, 40.0, 0.5)]
    gradient = compile_gradient(extractor, CONTENT, {"first": 0.3, "second": 0.7})
    rng = np.random.default_rng(2)
    x = rng.random(content.shape).astype(np.float32)
    costs, slope = gradient(tf.constant(x), targets, *strengths)
    parts = 3 * costs.content + 40 * costs.style + 0.5 * costs.variation
    assert float(costs.total) == pytest.approx(float(parts), rel=1e-5)
    for _ in range(4):
        direction = rng.normal(size=x.shape).astype(np.float32)
        direction += (
            np.float32(10) * slope.numpy() / np.abs(slope).max()
        )  # so that the derivative is not near 0
        step = np.float32(1e-3)
        up, down = (
            gradient(tf.constant(x + s * direction), targets, *strengths)[0].total for s in (step, -step)
        )
        wanted = (float(up) - float(down)) / (2 * float(step))
        assert float((slope.numpy() * direction).sum()) == pytest.approx(wanted, rel=2e-2)


class Seen(keras.layers.Layer):
    """Tells the width of every picture that goes through it."""

    def __init__(self, note, **kwargs):
        super().__init__(**kwargs)
        self.note = note

    def call(self, x):
        tf.numpy_function(lambda shape: self.note(int(shape[2])), [tf.shape(x)], [])
        return x


@pytest.mark.parametrize("optimizer", ["adam", "l-bfgs"])
def test_the_network_sees_the_style_once(optimizer):
    widths = []
    steps_of(network(extra=[Seen(widths.append)]), style=picture(1, 32, 20), steps=12, optimizer=optimizer)
    # The style's longer side is made the content's 32: 20 pixels wide. The canvas has a margin of 4.
    assert widths.count(20) == 1
    assert widths.count(40) >= 1 + 13


def test_a_step_is_traced_once_a_size(net, monkeypatch):
    functions = []

    def compile_and_note(*arguments):
        functions.append(compile_gradient(*arguments))
        return functions[-1]

    monkeypatch.setattr(painting, "compile_gradient", compile_and_note)
    steps_of(net, steps=20)
    steps_of(net, steps=20, size=128, coarsest=64)
    assert [function.experimental_get_tracing_count() for function in functions] == [1, 2]


def test_coarse_to_fine_ends_at_the_size_wanted(net):
    found = steps_of(net, size=130, coarsest=40, steps=30)
    shapes = list(dict.fromkeys(step.picture.shape[:2] for step in found))
    assert shapes == [(24, 32), (49, 65), (98, 130)]
    numbers = [step.step for step in found]
    assert numbers == sorted(numbers)
    assert numbers[-1] == 30
    assert len(numbers) == 33  # an enlarged start comes with the number of the picture that it was made of
    painted = paint(CONTENT_PICTURE, STYLE_PICTURE, network=net, size=130, coarsest=40, steps=30, **OPTIONS)
    assert painted.shape == (98, 130, 3)


def test_the_best_picture_is_kept(net):
    seen = []
    options = OPTIONS | {"learning_rate": 0.3}  # so large that the cost goes up and down
    painted = paint(
        CONTENT_PICTURE, STYLE_PICTURE, network=net, steps=25, on_step=lambda *s: seen.append(s), **options
    )
    costs = [cost for _, cost, _ in seen]
    assert (np.diff(costs) > 0).any()
    np.testing.assert_array_equal(painted, seen[int(np.argmin(costs))][2])


@pytest.mark.parametrize(("size", "shape"), [(None, (24, 32, 3)), (96, (72, 96, 3))])
def test_an_interrupted_run_gives_the_best_so_far(net, size, shape):
    seen = []

    def stop_at_five(*step):
        seen.append(step)
        if step[0] == 5:
            raise KeyboardInterrupt

    painted = paint(
        CONTENT_PICTURE,
        STYLE_PICTURE,
        network=net,
        steps=30,
        size=size,
        coarsest=64,
        on_step=stop_at_five,
        **OPTIONS,
    )
    assert painted.shape == shape
    assert len(seen) == 6
    if size is None:
        np.testing.assert_array_equal(painted, min(seen, key=lambda step: step[1])[2])


def test_an_interrupt_before_the_first_picture_goes_on_up(net, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(painting, "adam_steps", interrupted)
    with pytest.raises(KeyboardInterrupt):
        paint(CONTENT_PICTURE, STYLE_PICTURE, network=net, **OPTIONS)


def test_kept_colours_are_the_contents(net):
    content, style = picture(0, low=0.45, high=0.55), picture(1, low=0.45, high=0.55)
    found = paint(content, style, network=net, steps=15, keep_colour=True, **OPTIONS)
    assert np.abs(rgb2yiq(found)[..., 0] - rgb2yiq(content)[..., 0]).max() > 0.004
    np.testing.assert_allclose(rgb2yiq(found)[..., 1:], rgb2yiq(content)[..., 1:], atol=2e-3)


def test_a_style_with_matched_colours_keeps_the_contents_mean(net):
    content, style = picture(0, low=0.5, high=0.9), picture(1, low=0.0, high=0.4)
    options = OPTIONS | {"alpha": 0.0, "style_layers": ["first"]}
    plain = paint(content, style, network=net, steps=40, **options)
    kept = paint(content, style, network=net, steps=40, keep_colour="histogram", **options)
    assert abs(kept.mean() - content.mean()) < abs(plain.mean() - content.mean()) / 2


def test_where_no_style_goes_the_content_stays(net):
    mask = np.zeros((24, 32), np.float32)
    mask[:, :16] = 1
    for optimizer in ("adam", "l-bfgs"):
        painted = paint(
            CONTENT_PICTURE,
            STYLE_PICTURE,
            network=net,
            steps=10,
            masks=mask,
            start="noise",
            optimizer=optimizer,
            rng=np.random.default_rng(0),
            **OPTIONS,
        )
        np.testing.assert_allclose(painted[:, 16:], CONTENT_PICTURE[:, 16:], atol=1e-6)
        assert np.abs(painted[:, :16] - CONTENT_PICTURE[:, :16]).mean() > 0.05


def test_each_style_goes_where_its_mask_says(net):
    red, blue = picture(1), picture(2)
    red[..., 1:] *= 0.2
    blue[..., :2] *= 0.2
    left = np.zeros((24, 32), bool)
    left[:, :16] = True
    options = OPTIONS | {"alpha": 0.0, "learning_rate": 0.05}
    painted = paint(CONTENT_PICTURE, [red, blue], network=net, steps=60, masks=[left, ~left], **options)
    redness = painted[..., 0] - painted[..., 2]
    assert redness[:, :12].mean() > redness[:, 20:].mean() + 0.2


def test_several_styles_without_masks_are_mixed(net):
    options = {"network": net, **OPTIONS}
    both = next(painting_steps(CONTENT_PICTURE, [STYLE_PICTURE, picture(7)], **options)).cost
    each = [
        next(painting_steps(CONTENT_PICTURE, style, **options)).cost for style in (STYLE_PICTURE, picture(7))
    ]
    assert both == pytest.approx(np.mean(each), rel=1e-4)


def test_total_variation_smooths(net):
    rough, smooth = (
        paint(CONTENT_PICTURE, STYLE_PICTURE, network=net, steps=30, tv=tv, **OPTIONS) for tv in (0.0, 100.0)
    )
    assert np.abs(np.diff(smooth, axis=0)).mean() < np.abs(np.diff(rough, axis=0)).mean() / 2


def test_a_cost_that_is_not_finite_is_told(net):
    with pytest.raises(FloatingPointError, match="smaller learning_rate"):
        steps_of(net, beta=1e38, steps=3)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"optimizer": "sgd"}, "optimizer must be one of .*'sgd'"),
        ({"keep_colour": "hue"}, "keep_colour must be one of"),
        ({"start": "white"}, "start must be a picture or one of"),
        ({"start": np.zeros((20, 20, 3))}, "start is black everywhere"),
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"margin": -1}, "margin must be at least 0"),
        ({"margin": 24}, "margin must be less than the shorter side, 24"),
        ({"alpha": -1.0}, "alpha must be finite and at least 0"),
        ({"beta": np.nan}, "beta must be finite"),
        ({"learning_rate": 0.0}, "learning_rate must be finite and above 0"),
        ({"content_layer": "fifth"}, "content_layer has 'fifth'; the network has first"),
        ({"style_layers": ["first", "sixth"]}, "style_layers has 'sixth'"),
        ({"style_layers": ["first", "first"]}, "style_layers must be different"),
        ({"style_layers": []}, "style_layers must name a layer"),
        ({"style_layers": {"first": -1.0}}, "no weight below 0"),
        ({"masks": np.ones((24, 31))}, "content's shape"),
        ({"style": []}, "style must be a picture or several"),
        ({"size": 20}, "size must leave both sides at least 16"),
        ({"size": 2048, "steps": 2}, "steps must be at least 4"),
    ],
)
def test_bad_arguments_are_named_before_any_work(net, bad, message):
    with pytest.raises(ValueError, match=message):
        painting_steps(CONTENT_PICTURE, **{"style": STYLE_PICTURE, "network": net, **OPTIONS, **bad})
    for bad in ({"steps": 2.5}, {"margin": True}, {"style_layers": "first"}):
        with pytest.raises(TypeError, match=next(iter(bad))):
            painting_steps(CONTENT_PICTURE, STYLE_PICTURE, network=net, **OPTIONS | bad)


def test_a_size_that_leaves_a_layer_no_pixel_is_refused():
    from utils.models.vgg import vgg19_features

    vgg = vgg19_features(None)
    layers = {"content_layer": "block5_pool", "style_layers": ["block1_conv1"], "margin": 0, "network": vgg}
    with pytest.raises(ValueError, match="16 × 16 leaves a layer no pixel"):
        painting_steps(picture(0, 16, 16), STYLE_PICTURE, **layers)
