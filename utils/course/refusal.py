"""The error that the program `course` tells in one sentence instead of a traceback."""


class Refusal(Exception):
    """Something asked for cannot be done; the message is the sentence for the user."""
