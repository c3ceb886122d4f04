"""Configuration of plain nbgrader, run in this folder; an assignment's name is its week's folder.

``nbgrader generate_assignment week1_conv_basics`` writes the release, ``nbgrader autograde week1_conv_basics`` grades.
"""

from utils.course.release import PREPROCESSORS

c = get_config()  # noqa: F821 - nbgrader puts it there

c.CourseDirectory.course_id = "convnet-course"
c.CourseDirectory.source_directory = "."
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "quiz.toml"]
c.GenerateAssignment.preprocessors = PREPROCESSORS
c.OverwriteCells.add_missing_cells = True  # a test cell that a student deleted is put back before grading
c.Execute.timeout = 300
