"""Every figure that is drawn more than once, and the one style call of the course."""

from utils.plots.style import course_style

__all__ = ["course_style"]
