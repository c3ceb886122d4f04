"""Notice when a function leaves its exercise to a library: which of the exercise's ``answered_by`` were called.

So are calls of functions of ours that are withheld because they answer another exercise of the notebook. Calls are
recognised by code object, so it does not matter by which name, alias or private path a function was reached. This runs
beside the student's code and is the second of three layers: the first is that our own functions are not there at all
(:mod:`utils.grading.sandbox.copies`), the third that the student's text is read outside
(:mod:`utils.grading.classroom.suspicion`).
"""

import inspect
import sys
import threading
from collections.abc import Callable, Iterable
from importlib import import_module
from types import BuiltinFunctionType, CodeType, ModuleType
from typing import Any

from utils.exercises.withheld import withheld

# The compiled parts that do the work of listed functions, under the listed package's name.
_ENGINES = {
    "scipy.signal": ("scipy.signal._sigtools", "scipy.signal._upfirdn_apply"),
    "scipy.ndimage": ("scipy.ndimage._nd_image",),
    "cv2": ("cv2",),
}
_set_profile, _get_profile = sys.setprofile, sys.getprofile
_WITHHELD = withheld.__code__
# What watches just now: threads that a cell has started long before are asked too.
_watching: list[Callable] = []
# Generated wrappers of TensorFlow's operations, which tf.raw_ops gives out too: (file's end, start of the function).
_OPERATIONS = {
    "tensorflow.nn.conv": ("ops/gen_nn_ops.py", "conv"),
    "tensorflow.nn.pool": ("ops/gen_nn_ops.py", "max_pool"),
    "tensorflow.image.non_max": ("ops/gen_image_ops.py", "non_max"),
    "tensorflow.image.combined": ("ops/gen_image_ops.py", "combined_non_max"),
    "tensorflow.image.extract": ("ops/gen_array_ops.py", "extract_image_patches"),
    "tensorflow.nn.lrn": ("ops/gen_nn_ops.py", "lrn"),
    "tensorflow.nn.batch_norm": ("ops/gen_nn_ops.py", "fused_batch_norm"),
}


def watch_threads() -> None:
    """Let every thread that is started from now on be watched whenever a function is."""
    threading.setprofile(_in_thread)


def _in_thread(frame, event: str, argument: Any) -> None:
    for profile in _watching:
        profile(frame, event, argument)


class Watch:
    """Calls a function and remembers which listed library functions were called meanwhile.

    Parameters
    ----------
    names : iterable of str
        Dotted names, an exercise's ``answered_by``. Names of packages that are not imported cost nothing.
    tell : callable
        Called with a name when it is noticed: what the function does afterwards may end the process.

    Attributes
    ----------
    used : set of str
        Listed names that were called, those whose package was imported during a call, those of other functions that
        are withheld (:mod:`utils.exercises.withheld`), and ``"sys.setprofile"`` where somebody laid hands on this very
        watch.
    """

    def __init__(self, names: Iterable[str], tell: Callable[[str], None] = lambda name: None):
        self.names, self._tell = tuple(names), tell
        self.used: set[str] = set()

    def over(self, function: Callable) -> Callable:
        """Return the function, watched."""

        def watched(*args, **kwargs):
            before, seen = _packages(), set()
            profile = _profile(self.names, seen, self._tell)
            watch_threads()
            _watching.append(profile)
            _set_profile(profile)
            try:
                return function(*args, **kwargs)
            finally:
                if _get_profile() is not profile or threading.getprofile() is not _in_thread:
                    seen.add("sys.setprofile")
                _watching.clear()
                self.used.update(seen)  # before the watch itself is taken off, which it would see
                _set_profile(None)
                arrived = _packages() - before
                self.used.update(name for name in self.names if name.partition(".")[0] in arrived)

        return watched


def _packages() -> frozenset[str]:
    return frozenset(name.partition(".")[0] for name in sys.modules)


def _profile(names: Iterable[str], used: set[str], tell: Callable[[str], None]) -> Callable:
    """Return a profile function that puts the names that are called into ``used``, and tells each when it is new."""
    codes, compiled, engines, operations = _look_up(names)

    def profile(frame, event: str, argument: Any) -> None:
        name = None
        if event == "call":
            code = frame.f_code
            name = codes.get(code)
            if code is _WITHHELD:
                name = _withheld_name(frame, codes)
            elif name is None and operations:
                name = next(
                    (
                        listed
                        for end, start, listed in operations
                        if code.co_name.startswith(start) and code.co_filename.endswith(end)
                    ),
                    None,
                )
        elif event == "c_call":
            name = compiled.get(id(argument))
            if name is None and engines:
                name = engines.get(_module(argument))
        if name and name not in used:
            used.add(name)
            if _watching:  # not when the watch itself is taken off
                tell(name)

    return profile


def _withheld_name(frame, codes: dict[CodeType, str]) -> str | None:
    """Return the name of the function whose body says that it is withheld; None where it is listed itself."""
    name = frame.f_locals.get("name")
    listed = frame.f_back is not None and frame.f_back.f_code in codes
    return name if type(name) is str and not listed else None


def _module(function: Any) -> str:
    """Return the module of a compiled function, without asking anything that a student could have written."""
    owner = function.__self__ if type(function) is BuiltinFunctionType else None
    name = owner.__name__ if type(owner) is ModuleType else getattr(function, "__module__", None)
    return name if type(name) is str else ""


def _look_up(
    names: Iterable[str],
) -> tuple[dict[CodeType, str], dict[int, str], dict[str, str], list[tuple[str, str, str]]]:
    """Return what listed names stand for.

    Returns
    -------
    codes : dict of code to str
        Of Python functions.
    compiled : dict of int to str
        By the identity of compiled functions.
    engines : dict of str to str
        By the name of the compiled module that does the work.
    operations : list of (str, str, str)
        End of the file, start of the function's name, listed name.
    """
    codes: dict[CodeType, str] = {}
    compiled: dict[int, str] = {
        id(_set_profile): "sys.setprofile",
        id(threading.setprofile): "sys.setprofile",
    }
    engines: dict[str, str] = {}
    operations: list[tuple[str, str, str]] = []
    for name in names:
        if name.partition(".")[0] not in sys.modules:
            continue
        for listed, modules in _ENGINES.items():
            if name.startswith(listed):
                engines.update(dict.fromkeys(modules, name))
        operations += [(*place, name) for listed, place in _OPERATIONS.items() if name.startswith(listed)]
        thing = _resolve(name)
        codes.update({function.__code__: name for function in _functions(thing)})
        if isinstance(thing, BuiltinFunctionType):
            compiled[id(thing)] = name
    return codes, compiled, engines, operations


def _resolve(name: str) -> Any:
    """Return what a dotted name stands for, or None where there is no such thing."""
    parts = name.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            thing = import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            try:
                thing = getattr(thing, part, None)
            except ImportError:  # a package that loads its parts when asked, and that is not all there
                return None
        return thing
    return None


def _functions(thing: Any) -> list:
    """Return the Python functions behind a function or a class, without the wrappers that many share."""
    if inspect.isclass(thing):
        found = [inspect.unwrap(value) for value in vars(thing).values() if inspect.isfunction(value)]
    elif callable(thing):
        found = [inspect.unwrap(thing)]
    else:
        found = []
    return [function for function in found if inspect.isfunction(function)]
