"""How pages are made: Jinja2 with everything escaped, nothing from elsewhere, no script."""

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from utils.grading.classroom.outputs.text import printable, prose

_CODE = re.compile(r"`([^`\n]+)`")
_STRESSED = re.compile(r"(?<![\w*])\*(\w(?:[\w ]{0,40}\w)?)\*(?![\w*])")


def render(template: str, **values: object) -> str:
    """Return a page.

    Parameters
    ----------
    template : str
        Name of a file in ``templates``.
    **values
        What it shows. Filters of ours: ``name`` (one printable line), ``prose`` (a sentence, `backticks` as code,
        *asterisks* as stress), ``code`` (several lines as they are).
    """
    return _environment().get_template(template).render(**values) + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("utils.grading.classroom.outputs"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(name=printable, prose=_sentence, code=prose)
    return environment


def _sentence(text: str) -> Markup:
    parts = _CODE.split(str(escape(prose(text))))
    return Markup(
        "".join(
            f"<code>{part}</code>" if place % 2 else _STRESSED.sub(r"<em>\1</em>", part)
            for place, part in enumerate(parts)
        )
    )
