"""Every figure that is drawn more than once, and the one style call of the course."""

from utils.plots.networks import show_volumes
from utils.plots.pooling import show_pooling
from utils.plots.style import course_style

__all__ = ["course_style", "show_pooling", "show_volumes"]
