"""The cards that a notebook shows: a coloured edge, a heading, sentences. Readable in light and dark themes."""

from collections.abc import Sequence
from html import escape

# Okabe–Ito: told apart by colour-blind readers as well.
COLOURS = {"right": "#009E73", "wrong": "#D55E00", "open": "#0072B2"}
_MARKS = {"right": "✓", "wrong": "✗", "open": "…"}


class Card:
    """Something to show: HTML in a notebook, plain lines in a terminal.

    Parameters
    ----------
    kind : {"right", "wrong", "open"}
        Colour of the edge and the mark before the heading.
    heading : str
        One line.
    lines : sequence of str
        Sentences below it. A line that starts with a tab is shown as code.
    """

    def __init__(self, kind: str, heading: str, lines: Sequence[str] = ()):
        self.kind, self.heading, self.lines = kind, heading, tuple(line for line in lines if line)

    def text(self) -> str:
        """Return the card as plain text."""
        return "\n".join([f"{_MARKS[self.kind]} {self.heading}", *(f"  {line}" for line in self.lines)])

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        body = "".join(_html_line(line) for line in self.lines)
        colour = COLOURS[self.kind]
        return (
            f'<div style="border-left: 5px solid {colour}; padding: 0.3em 0.9em; margin: 0.3em 0">'
            f'<div><b><span style="color: {colour}">{_MARKS[self.kind]}</span> {escape(self.heading)}</b></div>'
            f"{body}</div>"
        )


def _html_line(line: str) -> str:
    if line.startswith("\t"):
        return f'<pre style="margin: 0.3em 0; padding: 0.2em 0.6em">{escape(line[1:])}</pre>'
    return f'<div style="margin-top: 0.3em">{_code(escape(line))}</div>'


def _code(text: str) -> str:
    """Turn `backticks` into code spans."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return text
    return "".join(f"<code>{part}</code>" if i % 2 else part for i, part in enumerate(parts))
