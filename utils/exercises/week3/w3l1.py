"""Week 3, lesson 1, localisation and landmarks: what is asked. The answers stand elsewhere."""

from utils.exercises.entry import Exercise

EXERCISES = (
    Exercise(
        notebook="w3l1",
        function="encode_label",
        signature="(box, kind, kinds, height, width)",
        points=2,
        task="Write the label y = [p_c, b_x, b_y, b_h, b_w, c…] of a picture with one thing, or with none.",
        hints=(
            "Begin with zeros: `y = np.zeros(5 + kinds)`. A picture without a thing is done by then.",
            "The centre lies halfway between the corners, (x1 + x2) / 2 and (y1 + y2) / 2. What runs to the right is "
            "divided by the width of the picture, what runs down by its height.",
            "The order is p_c, then b_x and b_y, then the height b_h *before* the width b_w. The kinds begin at "
            "place 5: `y[5 + kind] = 1`.",
        ),
        answered_by=(
            "utils.data.boxes.corners_to_centres",
            "utils.data.boxes.to_relative",
            "keras.utils.bounding_boxes",
        ),
    ),
    Exercise(
        notebook="w3l1",
        function="localization_loss",
        signature="(y_true, y_pred)",
        points=3,
        task="Return the squared error of labels, without what does not count where there is no thing.",
        hints=(
            "First the squared differences of all numbers, (m, 5 + kinds). Which of them count in a picture without a "
            "thing? Which in one with a thing?",
            "Column 0 counts always. The other columns count where y_true[:, 0] is 1: multiply their sum by it, "
            "picture by picture.",
            "Sum along the columns (axis 1), then take the mean over the m pictures.",
        ),
        answered_by=("keras.losses.MeanSquaredError", "keras.losses.mean_squared_error"),
    ),
    Exercise(
        notebook="w3l1",
        function="landmark_loss",
        signature="(landmarks_true, landmarks_pred, visible)",
        points=2,
        task="Return the mean squared distance between true and predicted landmarks, of those that are visible.",
        hints=(
            "The squared distance of two points is (Δx)² + (Δy)²: a sum along the last axis gives (m, n) of them.",
            "`visible` is a mask of the same shape (m, n): `distances[visible]` picks those that count, from all "
            "pictures together.",
            "The mean of no numbers is NaN. Ask `visible.any()` before.",
        ),
        answered_by=("keras.losses.MeanSquaredError", "keras.losses.mean_squared_error"),
    ),
)
