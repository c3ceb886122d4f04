"""What stands in place of a library function while an exercise that it would answer is judged."""


class Withheld(Exception):
    """A function that would answer the exercise was called where the exercise is judged."""


def withheld(name: str) -> None:
    """Say that a function is withheld.

    Parameters
    ----------
    name : str
        Its dotted name.

    Raises
    ------
    Withheld
        Always.
    """
    raise Withheld(f"{name} is not available while this exercise is judged: the exercise is to write it")
