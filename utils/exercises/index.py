"""Static map of the course: which notebooks there are, where they stand, which exercises they hold.

It imports nothing, so that looking an exercise up never loads another week's libraries.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from utils.exercises.entry import Exercise


@dataclass(frozen=True)
class Notebook:
    """One notebook of the course.

    Attributes
    ----------
    path : str
        Place below the course's root, ``"week1_conv_basics/1_filters_and_edges.ipynb"``.
    exercises : tuple of str
        Names of the functions that the learner writes there, in order.
    """

    path: str
    exercises: tuple[str, ...] = ()

    @property
    def week(self) -> str:
        """Name of the week's folder, ``"week1_conv_basics"``."""
        return self.path.split("/")[0]


NOTEBOOKS: dict[str, Notebook] = {
    "w1l1": Notebook(
        "week1_conv_basics/1_filters_and_edges.ipynb",
        ("edge_kernel", "correlate2d", "flip_kernel", "learn_kernel"),
    ),
    "w1l2": Notebook(
        "week1_conv_basics/2_padding_strides_volumes.ipynb",
        ("conv_output_size", "same_padding", "zero_pad", "conv_single_step", "parameter_count"),
    ),
    "w1l3": Notebook(
        "week1_conv_basics/3_pooling_and_a_whole_convnet.ipynb",
        ("pool_output_size", "layer_table"),
    ),
    "w1l4": Notebook(
        "week1_conv_basics/4_why_convolutions.ipynb",
        ("parameter_savings", "receptive_field", "multiply_adds"),
    ),
    "w1a1": Notebook(
        "week1_conv_basics/assignment_1_convolution_step_by_step.ipynb",
        (
            "zero_pad",
            "conv_single_step",
            "conv_forward",
            "pool_forward",
            "conv_backward",
            "create_mask_from_window",
            "distribute_value",
            "pool_backward",
            "grad_check",
            "im2col",
            "conv_forward_fast",
        ),
    ),
    "w1a2": Notebook(
        "week1_conv_basics/assignment_2_convnet_application.ipynb",
        ("sequential_model", "convolutional_model", "initial_loss"),
    ),
    "w1demo": Notebook("week1_conv_basics/demo_convolution.ipynb"),
    "w2l1": Notebook(
        "week2_resnets/1_classic_networks.ipynb",
        ("lenet5", "local_response_norm", "alexnet", "vgg16"),
    ),
    "w2l2": Notebook(
        "week2_resnets/2_residual_networks.ipynb",
        ("residual_forward", "plain_network", "residual_network", "gradient_norms"),
    ),
    "w2l3": Notebook(
        "week2_resnets/3_one_by_one_and_inception.ipynb",
        ("conv1x1", "multiplications", "inception_module", "googlenet"),
    ),
    "w2l4": Notebook(
        "week2_resnets/4_transfer_learning.ipynb",
        ("freeze_until", "transfer_model", "fine_tune"),
    ),
    "w2l5": Notebook(
        "week2_resnets/5_data_augmentation.ipynb",
        (
            "random_mirror",
            "random_crop",
            "random_shear",
            "color_shift",
            "pca_color_augment",
            "input_pipeline",
        ),
    ),
    "w2l6": Notebook(
        "week2_resnets/6_state_of_computer_vision.ipynb",
        ("ensemble_predict", "ten_crop", "multi_crop_predict"),
    ),
    "w2a1": Notebook(
        "week2_resnets/assignment_1_keras_tutorial.ipynb",
        ("build", "train", "predict_own_picture"),
    ),
    "w2a2": Notebook(
        "week2_resnets/assignment_2_residual_networks.ipynb",
        (
            "batchnorm_forward",
            "identity_block",
            "convolutional_block",
            "ResNet50",
            "preactivation_block",
        ),
    ),
    "w2demo": Notebook("week2_resnets/demo_resnet.ipynb"),
    "w3l1": Notebook(
        "week3_yolo/1_localization_and_landmarks.ipynb",
        ("encode_label", "localization_loss", "landmark_loss"),
    ),
    "w3l2": Notebook("week3_yolo/2_sliding_windows.ipynb", ("dense_to_conv", "sliding_window_scores")),
    "w3l3": Notebook(
        "week3_yolo/3_boxes_iou_nms.ipynb",
        ("boxes_to_corners", "iou", "iou_matrix", "non_max_suppression", "soft_nms"),
    ),
    "w3l4": Notebook(
        "week3_yolo/4_anchors_and_training_yolo.ipynb",
        ("kmeans_anchors", "encode_targets", "yolo_loss", "average_precision"),
    ),
    "w3l5": Notebook("week3_yolo/5_region_proposals.ipynb", ("propose_regions", "rcnn_detect")),
    "w3l6": Notebook(
        "week3_yolo/6_semantic_segmentation.ipynb",
        ("conv_block", "upsampling_block", "unet_model"),
    ),
    "w3a1": Notebook(
        "week3_yolo/assignment_1_object_detection_with_yolo.ipynb",
        (
            "yolo_head",
            "yolo_filter_boxes",
            "iou",
            "yolo_non_max_suppression",
            "scale_boxes",
            "yolo_eval",
        ),
    ),
    "w3demo": Notebook("week3_yolo/demo_detection.ipynb"),
    "w4l1": Notebook(
        "week4_face_nst/1_face_verification.ipynb",
        ("l2_normalize", "distance", "verify", "who_is_it"),
    ),
    "w4l2": Notebook(
        "week4_face_nst/2_triplet_loss.ipynb",
        (
            "triplet_loss",
            "pairwise_distances",
            "hardest_triplets",
            "semi_hard_triplets",
            "roc_and_equal_error_rate",
        ),
    ),
    "w4l3": Notebook(
        "week4_face_nst/3_siamese_similarity.ipynb", ("siamese_classifier", "chi_square_similarity")
    ),
    "w4l4": Notebook(
        "week4_face_nst/4_what_convnets_see.ipynb",
        ("top_patches", "activation_maximization", "saliency_map", "grad_cam"),
    ),
    "w4l5": Notebook("week4_face_nst/5_beyond_images.ipynb", ("conv1d_forward", "conv3d_forward")),
    "w4l6": Notebook(
        "week4_face_nst/6_deep_dream.ipynb", ("dream_loss", "gradient_ascent_step", "deep_dream")
    ),
    "w4l7": Notebook(
        "week4_face_nst/7_variational_autoencoder.ipynb", ("sample_latent", "kl_loss", "vae_loss")
    ),
    "w4l8": Notebook("week4_face_nst/8_dcgan.ipynb", ("generator", "discriminator", "gan_step")),
    "w4l9": Notebook("week4_face_nst/9_deep_one_class.ipynb", ("anomaly_score", "compactness_loss")),
    "w4a1": Notebook(
        "week4_face_nst/assignment_1_face_recognition.ipynb",
        ("triplet_loss", "image_to_encoding", "verify", "who_is_it"),
    ),
    "w4a2": Notebook(
        "week4_face_nst/assignment_2_neural_style_transfer.ipynb",
        (
            "compute_content_cost",
            "gram_matrix",
            "compute_layer_style_cost",
            "compute_style_cost",
            "total_cost",
            "train_step",
            "total_variation_cost",
        ),
    ),
    "w4demo1": Notebook("week4_face_nst/demo_face_door.ipynb"),
    "w4demo2": Notebook("week4_face_nst/demo_style_transfer.ipynb"),
    "w4demo3": Notebook("week4_face_nst/demo_latent_plane.ipynb"),
}


def split_key(key: str) -> tuple[str, str]:
    """Split ``"w1a1/conv_forward"`` into notebook id and function name; both must exist.

    Raises
    ------
    KeyError
        When the notebook or the exercise is unknown; the message lists those that there are.
    """
    notebook, _, function = key.partition("/")
    if notebook not in NOTEBOOKS:
        raise KeyError(f"no notebook {notebook!r}; there are: {', '.join(NOTEBOOKS)}")
    names = NOTEBOOKS[notebook].exercises
    if function not in names:
        raise KeyError(
            f"notebook {notebook!r} has no exercise {function!r}; it has: {', '.join(names) or 'none'}"
        )
    return notebook, function


def all_keys() -> list[str]:
    """Return the keys of all exercises, in the order of the course."""
    return [f"{notebook}/{name}" for notebook, row in NOTEBOOKS.items() for name in row.exercises]


def exercise(key: str) -> "Exercise":
    """Load the public half of one exercise.

    Parameters
    ----------
    key : str
        ``"<notebook id>/<function>"``, for example ``"w1a1/conv_forward"``.

    Raises
    ------
    KeyError
        When there is no such exercise.
    """
    notebook, function = split_key(key)
    module = import_module(f"utils.exercises.week{notebook[1]}.{notebook}")
    return next(entry for entry in module.EXERCISES if entry.function == function)
