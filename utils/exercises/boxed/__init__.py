"""The half of class grading that runs inside the box, beside code of people whom nobody knows.

Nothing here is trusted by the other side: it runs cells, calls functions and sends arrays out, which are judged there.
"""
