"""The server of the demos: Voilà with a gallery in front, run as a program of its own by `course demo`.

Every visitor of a demo has a kernel of their own. Options are traitlets, as Voilà's: ``--port``, ``--DemoServer.ip``,
``--no-browser``, and ``--DemoServer.first=NAME`` for the page that is opened. A token comes in the environment
(``COURSE_DEMO_TOKEN``), since every user of a machine can read command lines.
"""

import os
import tempfile
import webbrowser
from pathlib import Path

import tornado.web
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import ensure_async, url_path_join
from traitlets import Integer, Unicode
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler

from utils.course.demo import PICTURES, TOKEN, Demo, all_demos
from utils.grading.notebooks import course_root

_KERNEL = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
# A socket's path may have about a hundred characters; its name below the folder takes 70.
_LONGEST_FOLDER = 30


class DemoServer(Voila):
    """Voilà that serves the course's demos, each at ``/demo/NAME``, and a page of cards at ``/``."""

    first = Unicode("", config=True, help="Name of the demo that is opened; the gallery by default.")
    idle_seconds = Integer(1800, config=True, help="A kernel that nobody has used for so long is ended.")
    look_seconds = Integer(60, config=True, help="How often idle kernels are looked for.")

    def initialize(self, argv=None):
        """Read the options; a kernel that died stays dead, for the page to say so."""
        super().initialize(argv)
        self.root_dir = str(course_root())
        self.token = os.environ.get(TOKEN) or None
        self.update_config(
            Config(
                {
                    "KernelManager": {"autorestart": False, **_transport()},
                    "MappingKernelManager": {
                        "cull_idle_timeout": self.idle_seconds,
                        "cull_interval": self.look_seconds,
                        "cull_connected": True,
                    },
                }
            )
        )

    def init_settings(self) -> dict:
        """Add to Voilà's settings: without a token, only this machine's own names are answered."""
        settings = super().init_settings()
        return {**settings, "allow_remote_access": self.token is not None}

    def init_handlers(self) -> list:
        """Put the gallery, the demos and the look after a kernel in place of Voilà's list of files."""
        root, demos = Path(self.root_dir), all_demos()
        shared = {
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        kept = [
            rule
            for rule in super().init_handlers()
            if not any(
                part in rule[0] for part in ("voila/tree", "voila/render", "voila/files", "api/contents")
            )
            and rule[0] != self.server_url
        ]
        own = [
            (name, TornadoVoilaHandler, {**shared, "notebook_path": demo.path})
            for name, demo in ((f"demo/{demo.name}", demo) for demo in demos)
        ]
        own += [
            ("", _Gallery, {"demos": demos, "root": root}),
            (f"alive/{_KERNEL}", _Alive),
            (r"pictures/(\w+\.jpg)", _Picture, {"path": str(root / PICTURES)}),
        ]
        return [*kept, *((url_path_join(self.server_url, rule[0]), *rule[1:]) for rule in own)]

    def launch_browser(self) -> None:
        """Open the wanted page."""
        path = f"demo/{self.first}" if self.first else ""
        token = f"?token={self.token}" if self.token else ""
        webbrowser.open(url_path_join(self.connection_url, path) + token)


def _transport() -> dict[str, str]:
    """Return the traits that let kernels use socket files, which no other visitor's kernel can take (see `kernels`)."""
    short = len(tempfile.gettempdir()) <= _LONGEST_FOLDER
    return {"transport": "ipc"} if os.name != "nt" and short else {}


class _Gallery(JupyterHandler):
    """The page of cards."""

    def initialize(self, demos: list[Demo], root: Path):
        self._demos, self._root = demos, root

    @tornado.web.authenticated
    async def get(self):
        template = self.settings["voila_jinja2_env"].get_template("gallery.html.j2")
        cards = [(demo, (self._root / PICTURES / f"{demo.file}.jpg").is_file()) for demo in self._demos]
        self.finish(template.render(cards=cards, base_url=self.base_url))


class _Alive(JupyterHandler):
    """Tells a page whether its kernel still runs; asking does not count as use. A dead kernel is forgotten."""

    @tornado.web.authenticated
    async def get(self, kernel_id: str):
        alive = kernel_id in self.kernel_manager
        if alive and not await ensure_async(self.kernel_manager.get_kernel(kernel_id).is_alive()):
            alive = False
            await ensure_async(self.kernel_manager.shutdown_kernel(kernel_id, now=True))
        self.set_header("Cache-Control", "no-store")
        self.finish({"alive": alive})


class _Picture(tornado.web.StaticFileHandler):
    """A picture of a card; they show nothing that is not in the course's README."""


def main() -> None:
    """Serve until stopped."""
    DemoServer.launch_instance()


if __name__ == "__main__":
    main()
