"""What the program `course` does: the learner's copies, JupyterLab, tables, and the tools of contributors.

The commands themselves stand in ``utils.cli``; heavy libraries are imported by the functions that need them.
"""
