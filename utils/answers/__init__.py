"""The private half of every exercise: cases, oracles, tolerances and the bank of mistakes.

Never put where a student's code runs during grading.
"""
