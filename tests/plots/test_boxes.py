"""Boxes painted into pictures."""

import matplotlib.pyplot as plt
import numpy as np

from utils.plots.boxes import draw_boxes, paint_boxes


def test_painting_leaves_the_picture_alone_and_the_inside_of_boxes_free():
    image = np.full((200, 300, 3), 128, np.uint8)
    painted = paint_boxes(image, [(50, 60, 150, 160)], ["cat 0.90"], [1])
    assert (image == 128).all()
    assert painted.shape == image.shape
    assert (painted[70:150, 60:140] == 128).all()
    assert (painted[160, 50:150] != 128).any(axis=1).all()
    assert (painted[100, 50] == (0xD5, 0x5E, 0x00)).all()


def test_a_label_at_the_upper_edge_stays_in_the_picture():
    image = np.zeros((100, 100, 3), np.float32)
    painted = paint_boxes(image, [(10, 0, 90, 90)], ["x"])
    assert painted[3:12, 12:20].any()


def test_a_label_at_the_right_edge_is_not_cut():
    image = np.zeros((100, 200, 3), np.float32)
    left = paint_boxes(image, [(10, 50, 40, 90)], ["a long label"])
    right = paint_boxes(image, [(160, 50, 190, 90)], ["a long label"])
    # A row above both boxes crosses the whole label.
    assert right[45].any(axis=-1).sum() == left[45].any(axis=-1).sum() > 50


def test_a_figure_shows_a_rectangle_for_each_box():
    _, ax = plt.subplots()
    draw_boxes(ax, np.zeros((20, 30, 3)), np.array([(1, 2, 5, 6), (3, 3, 9, 9)]), ["a", "b"], [0, 1])
    assert [patch.get_bbox().bounds for patch in ax.patches] == [(1, 2, 4, 4), (3, 3, 6, 6)]
    assert [text.get_text() for text in ax.texts] == ["a", "b"]
    plt.close()
