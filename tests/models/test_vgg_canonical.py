"""The authors' VGG files, as `keras.applications` publishes them, load with Caffe's preprocessing inside."""

import inspect
from dataclasses import replace

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

from utils.data import photograph
from utils.data.assets import AssetError, find_asset
from utils.data.fetch import fetch_file
from utils.models import vgg
from utils.models.vgg import vgg16_features, vgg19_features


@pytest.mark.parametrize(("ours", "name"), [(vgg16_features, "VGG16"), (vgg19_features, "VGG19")])
def test_a_published_file_gives_the_published_features(ours, name, tmp_path, monkeypatch):
    """A file in the published form, with weights of our own: the features are those of keras.applications."""
    reference = getattr(keras.applications, name)(weights=None, include_top=False)
    path = tmp_path / "notop.h5"
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, reference)
    asked = []
    monkeypatch.setattr(vgg, "asset_path", lambda asset: asked.append(asset) or path)
    model = ours("canonical")
    assert asked == [f"{name.lower()}-canonical"]

    picture = photograph("coffee", size=64)[None].astype(np.float32)
    prepare = getattr(keras.applications, name.lower()).preprocess_input
    expected = reference.predict_on_batch(prepare(picture.copy()))
    np.testing.assert_allclose(model.predict_on_batch(picture / 255), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ["vgg16-canonical", "vgg19-canonical", "resnet50-canonical"])
def test_the_table_names_the_file_that_keras_names(name):
    asset = find_asset(name)
    module = getattr(keras.src.applications, "resnet" if "resnet" in name else name.split("-")[0])
    source = inspect.getsource(module)
    assert asset.md5 in source
    assert asset.url.split("/")[2] in source
    assert name.startswith("resnet") or asset.url.rsplit("/", 1)[1] in source


def test_without_network_and_mirror_it_says_so(tmp_path, monkeypatch):
    """The canonical source is taken out, so that the answer is the same whatever network the test runs in."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setattr(vgg, "asset_path", lambda name: fetch_file(replace(find_asset(name), url="")))
    with pytest.raises(AssetError, match="vgg19_weights_tf_dim_ordering"):
        vgg19_features("canonical")
