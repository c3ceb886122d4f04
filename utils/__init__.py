"""The shared package of the convolutional-networks course."""
