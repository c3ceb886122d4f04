"""The row of buttons of a demo: presets under the keys 1 to 9, reset under r, full screen under f.

The keys themselves are a script in the classroom's template: a key presses the button that carries its class.
"""

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets

from utils.demos.chooser import PictureChooser
from utils.demos.pointing import PointedImage

MOST_PRESETS = 9
Values = Mapping[widgets.Widget, Any]
Action = Callable[[], None]


class Controls(widgets.HBox):
    """Watches the controls of a demo, and sets many of them at once.

    A change by hand calls ``redraw``. A preset or a reset sets everything first and calls then, each function once.

    Parameters
    ----------
    start
        Control → its value at the beginning and after a reset; for a `PictureChooser` what its ``choose`` takes, for a
        `PointedImage` its place.
    redraw
        Called after a change.
    presets
        Words on the button → the values that differ from ``start``; at most nine.
    special
        Control → what is called after its change in place of ``redraw``.
    whole
        Called after a preset or reset in place of all these.

    Raises
    ------
    ValueError
        When there are more than nine presets, or one sets a control that ``start`` lacks.
    """

    def __init__(
        self,
        start: Values,
        redraw: Action,
        presets: Mapping[str, Values] | None = None,
        special: Mapping[widgets.Widget, Action] | None = None,
        whole: Action | None = None,
    ):
        presets = presets or {}
        if len(presets) > MOST_PRESETS:
            raise ValueError(f"presets must be at most {MOST_PRESETS}, got {len(presets)}")
        for name, values in presets.items():
            if any(control not in start for control in values):
                raise ValueError(f"presets[{name!r}] sets a control that start lacks")
        self._start, self._redraw = dict(start), redraw
        self._special, self._whole = dict(special or {}), whole
        self._held: list[Action] | None = None  # what is to be called once all is set
        buttons = [
            self._button(f"{key}  {name}", str(key), lambda values=values: self.apply(values))
            for key, (name, values) in enumerate(presets.items(), start=1)
        ]
        reset = self._button("reset (r)", "r", lambda: self.apply({}))
        full = self._button("full screen (f)", "f", lambda: None)  # the browser's part alone
        super().__init__([*buttons, reset, full], layout={"flex_flow": "row wrap"})
        self.add_class("course-buttons")
        for control in self._start:
            control.observe(self._changed, _trait(control))

    def apply(self, values: Values) -> None:
        """Put every control to its first value, or to that of ``values``, and redraw once."""
        self._held = []
        try:
            for control, value in {**self._start, **values}.items():
                if isinstance(control, PictureChooser):
                    control.choose(value)
                else:
                    setattr(control, _trait(control), value)
        finally:
            held, self._held = self._held, None
        for action in [self._whole] if self._whole else dict.fromkeys([*held, self._redraw]):
            action()

    def _changed(self, change: Mapping[str, Any]) -> None:
        action = self._special.get(change["owner"], self._redraw)
        if self._held is None:
            action()
        else:
            self._held.append(action)

    @staticmethod
    def _button(words: str, key: str, action: Action) -> widgets.Button:
        button = widgets.Button(description=words)
        button.add_class(f"course-key-{key}")
        button.on_click(lambda pressed: action())
        return button


def _trait(control: widgets.Widget) -> str:
    return {PictureChooser: "picture", PointedImage: "place"}.get(type(control), "value")
