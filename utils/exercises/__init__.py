"""The public half of every exercise: what is asked, how a case becomes arguments, how a result becomes arrays.

Nothing here knows a right answer. A student's process may hold all of it.
"""
