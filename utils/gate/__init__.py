"""The gate: proof, for every exercise, that its check is right.

An exercise passes when the notebook's solution scores 1, the blank stub scores 0 with a friendly message, every known
mistake is rejected and named, differently written right answers are accepted, and small changes to the solution
(mutants) are noticed.
"""
