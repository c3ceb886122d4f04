"""A box's process that is started anew: Python from the beginning, in bubblewrap or, unsafely, without."""

import os
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import suppress

from utils.data.assets import data_folder
from utils.exercises.boxed.frames import new_channel
from utils.grading.classroom.records import Limits
from utils.grading.sandbox.bubblewrap import (
    box_command,
    environment,
    limit_command,
    python_command,
    serve_from,
)
from utils.grading.sandbox.cgroups import Group
from utils.grading.sandbox.copies import copy_for


class ColdProcess:
    """A serving process in a new box.

    Parameters
    ----------
    notebook : str
        Id of the notebook that is judged.
    limits : Limits
        What its tree of processes may use.
    hidden : iterable of str
        Installed packages that must not be there.
    unsafe : bool
        Without a box.

    Attributes
    ----------
    channel : Channel
        To the serving process.
    pid : int
        Root of the tree of processes, as it is seen here.
    group : Group or None
        The control group of the tree.
    """

    def __init__(self, notebook: str, limits: Limits, hidden: Iterable[str], unsafe: bool):
        copy = copy_for(notebook, unsafe)
        self.group = None if unsafe else Group.make(limits)
        self._folder = tempfile.TemporaryDirectory(prefix="box-") if unsafe else None
        if unsafe:
            command = [*limit_command(limits), *python_command(serve_from(copy))]
        else:
            command = box_command(copy, data_folder(), limits, hidden)
        if self.group:
            command = self.group.enter(command)
        with new_channel() as (self.channel, reading, writing):
            self._process = subprocess.Popen(
                command,
                stdin=reading,
                stdout=writing,
                stderr=subprocess.DEVNULL,
                cwd=self._folder.name if self._folder else "/",
                env={**environment(), "COURSE_DATA": str(data_folder())} if unsafe else environment(),
                start_new_session=True,
            )
        self.pid = self._process.pid

    def end(self) -> None:
        """End every process of the box; its files vanish with it. May be called again."""
        if self._process.returncode is None:
            with suppress(OSError):
                os.killpg(self.pid, 9)
            self._process.kill()
            self._process.wait()
            self.channel.close()
        if self.group:
            self.group.remove()
        if self._folder:
            self._folder.cleanup()
