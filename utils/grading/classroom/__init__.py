"""Grading a class: from a folder of submissions to gradebook, feedback and report.

``submissions`` reads and repairs what was handed in and says what is run; ``judging`` runs it in a box and compares
what comes back; ``batch`` does so for a whole class, on many cores and over interruptions; ``outputs`` writes what a
teacher and the students read.
"""
