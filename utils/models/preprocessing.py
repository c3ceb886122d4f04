"""ImageNet networks' preprocessing as a layer: carried by the network, it cannot be forgotten."""

import keras
from keras import ops

# Means and deviations of ImageNet's training pictures, red, green, blue, in [0, 1] (torchvision's and TensorFlow's).
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
# Means in [0, 255], blue, green, red, of the networks trained with Caffe (Simonyan and Zisserman 2015).
CAFFE_MEAN = (103.939, 116.779, 123.68)

MODES = ("standardise", "caffe")


@keras.saving.register_keras_serializable(package="convnet_course")
class ImageNetPreprocessing(keras.layers.Layer):
    """Turn RGB pictures in [0, 1] into what a network expects.

    Parameters
    ----------
    mode : {"standardise", "caffe"}
        ``"standardise"``: subtract ImageNet's mean, divide by its deviation. ``"caffe"``: scale to [0, 255], reverse
        the channels to BGR, subtract the mean.
    """

    def __init__(self, mode: str = "standardise", **kwargs):
        super().__init__(**kwargs)
        if mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
        self.mode = mode

    def call(self, images):
        """Preprocess pictures (batch, height, width, 3), RGB in [0, 1]."""
        if self.mode == "caffe":
            return ops.flip(images, axis=-1) * 255.0 - ops.convert_to_tensor(CAFFE_MEAN, dtype=images.dtype)
        mean = ops.convert_to_tensor(IMAGENET_MEAN, dtype=images.dtype)
        deviation = ops.convert_to_tensor(IMAGENET_DEVIATION, dtype=images.dtype)
        return (images - mean) / deviation

    def compute_output_shape(self, input_shape):
        """Return the shape unchanged."""
        return input_shape

    def get_config(self):
        """Return the arguments that make an equal layer."""
        return {**super().get_config(), "mode": self.mode}
