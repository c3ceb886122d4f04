"""Every figure that is drawn more than once, and the one style call of the course."""

from utils.plots.augmentation import (
    show_color_cloud,
    show_cut_outs,
    show_moved_boxes,
    show_strengths,
    show_timelines,
    show_wall,
)
from utils.plots.benchmarks import show_agreement, show_crop_frames, show_intervals, show_knowledge
from utils.plots.classic import show_connection_table, show_weights_and_work
from utils.plots.classification import (
    show_confusion,
    show_learning_curves,
    show_losses,
    show_pictures,
    show_probabilities,
)
from utils.plots.connections import show_cone, show_fields, show_weight_matrices
from utils.plots.convolution import (
    show_crisp,
    show_layer,
    show_number_grids,
    show_patch_matrix,
    show_single_step,
    show_times,
    show_windows,
)
from utils.plots.demo_convolution import colour_response, place_side_by_side
from utils.plots.depth import show_depths, show_gradient_norms, show_training
from utils.plots.detection_demo import paint_detections
from utils.plots.face_door import paint_door
from utils.plots.filters import (
    draw_numbers,
    show_descent,
    show_kernels,
    show_products,
    show_responses,
    show_side_by_side,
    show_zoom,
)
from utils.plots.gan import (
    sheet_of_pictures,
    show_both_losses,
    show_collapse,
    show_generator_losses,
    show_players,
    show_samples_over_time,
    show_shares,
    show_stamps,
    show_tricks,
)
from utils.plots.inception import show_inception_module, show_inception_network
from utils.plots.networks import show_volumes
from utils.plots.own_pictures import show_best_epoch, show_opinions, show_preparations
from utils.plots.paths import show_paths
from utils.plots.pooling import show_pooling
from utils.plots.residual import BlockDrawing, show_residual_blocks
from utils.plots.resnet_demo import draw_depth, draw_guesses, say_depth
from utils.plots.sliding import show_counts, show_shrinking, show_sliding_window, show_volume_step
from utils.plots.style import course_style
from utils.plots.transfer import show_accuracy_by_pictures, show_frozen_parts
from utils.plots.verification import (
    show_alignment,
    show_distance_table,
    show_errors_by_person,
    show_faces,
    show_growing_database,
    show_pair_distances,
    show_rates_by_group,
    show_siamese,
)

__all__ = [
    "BlockDrawing",
    "colour_response",
    "course_style",
    "draw_depth",
    "draw_guesses",
    "draw_numbers",
    "paint_detections",
    "paint_door",
    "place_side_by_side",
    "say_depth",
    "sheet_of_pictures",
    "show_accuracy_by_pictures",
    "show_agreement",
    "show_alignment",
    "show_best_epoch",
    "show_both_losses",
    "show_collapse",
    "show_color_cloud",
    "show_cone",
    "show_confusion",
    "show_connection_table",
    "show_counts",
    "show_crisp",
    "show_crop_frames",
    "show_cut_outs",
    "show_depths",
    "show_descent",
    "show_distance_table",
    "show_errors_by_person",
    "show_faces",
    "show_fields",
    "show_frozen_parts",
    "show_generator_losses",
    "show_gradient_norms",
    "show_growing_database",
    "show_inception_module",
    "show_inception_network",
    "show_intervals",
    "show_kernels",
    "show_knowledge",
    "show_layer",
    "show_learning_curves",
    "show_losses",
    "show_moved_boxes",
    "show_number_grids",
    "show_opinions",
    "show_pair_distances",
    "show_patch_matrix",
    "show_paths",
    "show_pictures",
    "show_players",
    "show_pooling",
    "show_preparations",
    "show_probabilities",
    "show_products",
    "show_rates_by_group",
    "show_residual_blocks",
    "show_responses",
    "show_samples_over_time",
    "show_shares",
    "show_shrinking",
    "show_siamese",
    "show_side_by_side",
    "show_single_step",
    "show_sliding_window",
    "show_stamps",
    "show_strengths",
    "show_timelines",
    "show_times",
    "show_training",
    "show_tricks",
    "show_volume_step",
    "show_volumes",
    "show_wall",
    "show_weight_matrices",
    "show_weights_and_work",
    "show_windows",
    "show_zoom",
]
