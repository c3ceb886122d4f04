"""Our speed beside that of well-kept references and of the physical limit, as ratios: `course bench` runs this.

It stands beside the package `utils`, not in it: learners and teachers do not need it.
"""
