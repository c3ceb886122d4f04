"""Week 1, lesson 1, filters and edges: what is asked. The answers stand elsewhere."""

from utils.exercises.entry import Exercise

EXERCISES = (
    Exercise(
        notebook="w1l1",
        function="edge_kernel",
        signature="(name)",
        points=2,
        task="Return the 3×3 edge filter that has this name.",
        hints=(
            "Begin with the three upright filters. Each has the same three columns: something positive, "
            "zeros, the same negated. Only the weights of its rows differ: 1, 1, 1, then 1, 2, 1, then 3, "
            "10, 3.",
            "A horizontal filter is the upright one turned by 90° clockwise: its left column becomes its "
            "top row.",
            "Keep the upright three in a dictionary. If the name is in none of your lists, `raise "
            "ValueError(...)`; for a horizontal one return `np.rot90(upright, k=-1)`.",
        ),
    ),
    Exercise(
        notebook="w1l1",
        function="correlate2d",
        signature="(image, kernel)",
        points=3,
        task="Slide the kernel over the image and take the sum of products at every position.",
        hints=(
            "Count first: in how many rows can the top edge of the kernel stand without its bottom edge "
            "leaving the image? That is the height of the result; the width goes likewise.",
            "Make an array of zeros of that size. Two loops, over its rows i and columns j, fill it; the "
            "part of the image that belongs to (i, j) is as large as the kernel and starts at (i, j).",
            "The part is `image[i : i + kernel_height, j : j + kernel_width]`. Multiply it with the "
            "kernel element by element (`*`, not `@`) and sum.",
        ),
        answered_by=(
            "utils.layers.correlate2d",
            "utils.layers.correlation.correlate2d",
            "utils.layers.conv2d",
            "utils.layers.conv.conv2d",
            "scipy.signal.correlate2d",
            "scipy.signal.correlate",
            "scipy.signal.convolve2d",
            "scipy.signal.convolve",
            "scipy.ndimage.correlate",
            "scipy.ndimage.convolve",
            "cv2.filter2D",
            "tensorflow.nn.conv2d",
            "keras.ops.conv",
        ),
    ),
    Exercise(
        notebook="w1l1",
        function="flip_kernel",
        signature="(kernel)",
        points=2,
        task="Flip a kernel on both axes.",
        hints=(
            "The last row becomes the first, and in every row the last number becomes the first. The "
            "corner at the top left ends at the bottom right.",
            "A slice with step −1, `a[::-1]`, runs backwards. You need one for each axis.",
        ),
    ),
    Exercise(
        notebook="w1l1",
        function="learn_kernel",
        signature="(image, target, steps, learning_rate)",
        points=5,
        task="Find a 3×3 kernel by gradient descent, starting from zeros.",
        hints=(
            "Three lines stand in the loop: predict, compute the gradient, take a step. Everything in "
            "them is made of the nine shifted copies of the image; the copy for kernel place (u, v) "
            "starts at row u and column v and is as large as the target.",
            "Prediction: the sum over (u, v) of `kernel[u, v]` times its copy. Error: prediction minus "
            "target.",
            "Gradient at (u, v): twice the mean of error times the copy for (u, v). The step goes against "
            "it: `kernel = kernel - learning_rate * gradient`, and the loop runs `steps` times.",
        ),
    ),
)
