"""Start JupyterLab on a trainee's desk, with the course's settings and nobody else's."""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import logging
import os
import secrets
import socket
import sys
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from scenarios.errors import CourseError

HERE = Path(__file__).parent
ADDRESS = "127.0.0.1"
EXTENSIONS = ("scenarios-front", "@jupyter-widgets/jupyterlab-manager", "anywidget")
"""The prebuilt extensions of JupyterLab that the page loads, of all that are installed."""


def main(argv: Sequence[str] | None = None) -> int:
    """Serve one desk until interrupted; 1 with one clear sentence when it cannot be served."""
    args = _parser().parse_args(argv)
    try:
        serve(args.desk.absolute(), args.port, browser=args.browser)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scenarios.lab",
        description="Open a trainee's desk in the browser.",
        epilog="Example: python -m scenarios.lab --desk .course/desks/maya.ortiz --port 8888",
    )
    parser.add_argument(
        "--desk", type=Path, required=True, help="the trainee's folder, with home.ipynb in it"
    )
    parser.add_argument("--port", type=int, default=8888, help="port on this machine (default: %(default)s)")
    parser.add_argument(
        "--no-browser", dest="browser", action="store_false", help="only print the address, open nothing"
    )
    return parser


def serve(
    root: Path,
    port: int,
    *,
    page: str = "home.ipynb",
    browser: bool = True,
    more: Mapping[str, Mapping[str, object]] | None = None,
) -> None:
    """Serve one notebook of the course, without code, on 127.0.0.1 until interrupted.

    Prints one line with the address once it answers. Only notebooks in the page's own folder, and below,
    are run without being asked.

    Args:
        root: the server's root folder, e.g. a trainee's desk.
        port: on this machine; no other is tried.
        page: the notebook that is opened, below the root.
        browser: whether to open a browser, where one can be expected.
        more: further Jupyter settings by class, e.g. ``{"ServerApp": {"jpserver_extensions": {...}}}``.

    Raises:
        CourseError: there is no such page, or the port is taken.
    """
    if not (root / page).is_file():
        raise CourseError(f"{root / page} is missing; make it with `make run`.")
    state, path = _own_folders(root), f"/doc/tree/{quote(page)}"
    address = f"http://{ADDRESS}:{port}{path}?token={_token(state)}"
    if _answers(port, _token(state)):
        print(f"The course is open already at {address}", flush=True)
        return
    _claim(port)
    folder = "" if (parent := Path(page).parent.as_posix()) == "." else parent
    # Only now: Jupyter reads where its folders are when it is imported.
    from jupyter_core.utils import ensure_async
    from jupyterlab.labapp import LabApp
    from traitlets.config import Config

    settings = Config(_settings(root, port, path, folder, state, browser=browser and _has_screen()))
    settings.merge(Config(more or {}))
    server = LabApp.initialize_server(argv=[], config=settings)

    async def ready() -> None:
        server.kernel_manager.prepare()
        await ensure_async(server.contents_manager.get(page))  # imports, once, what every page needs
        print(f"The course is open at {address}", flush=True)

    server.io_loop.add_callback(ready)  # once it listens
    server.start()
    _release_threads()


def _page_config(folder: str, _handler: object, config: dict[str, Any]) -> dict[str, Any]:
    """Return the page's configuration with the course's folder, and the extensions it needs alone."""
    needed = [each for each in config["federated_extensions"] if each["name"] in EXTENSIONS]
    return config | {"courseFolder": folder, "federated_extensions": needed}


def _release_threads() -> None:
    """End AnyIO's idle workers: when the loop stopped under one, it would keep the process alive for good."""
    for thread in threading.enumerate():
        if thread.name == "AnyIO worker thread" and (stop := getattr(thread, "stop", None)):
            stop()


def _answers(port: int, token: str) -> bool:
    """Whether this root's own server, which alone takes its token, answers on the port."""
    request = urllib.request.Request(
        f"http://{ADDRESS}:{port}/api/status", headers={"Authorization": f"token {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=2) as reply:
            return bool(reply.status == 200)
    except (OSError, ValueError, OverflowError, http.client.HTTPException):
        return False


def _claim(port: int) -> None:
    """Raise CourseError unless the port can be listened on."""
    with socket.socket() as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except (OSError, OverflowError) as error:
            raise CourseError(
                f"Port {port} cannot be used on this machine ({getattr(error, 'strerror', None) or error}); "
                f"stop what uses it, or choose another one, e.g. PORT={port % 60000 + 1}."
            ) from error


def _own_folders(root: Path) -> Path:
    """Point Jupyter at folders of the course's own, outside the root, and return their parent.

    They stay between two starts, so that a page left open finds its server again.
    """
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    state = home / "counseling-social-media-course" / hashlib.sha256(bytes(root.resolve())).hexdigest()[:16]
    for variable, name in (
        ("JUPYTER_CONFIG_DIR", "config"),
        ("JUPYTER_DATA_DIR", "data"),
        ("JUPYTER_RUNTIME_DIR", "runtime"),
        ("IPYTHONDIR", "ipython"),
    ):
        folder = state / name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.environ[variable] = str(folder)
    for variable in (
        "JUPYTERLAB_DIR",
        "JUPYTERLAB_SETTINGS_DIR",
        "JUPYTERLAB_WORKSPACES_DIR",
        "JUPYTER_PATH",
    ):
        os.environ.pop(variable, None)
    _write_json(
        state / "ipython" / "profile_default" / "ipython_kernel_config.json",
        {
            "HistoryManager": {"enabled": False},
            "IPKernelApp": {"log_level": logging.ERROR},
            # Done while nobody waits: a kernel is made ready before the page asks for it.
            "InteractiveShellApp": {"exec_lines": ["import scenarios.player"]},
        },
    )
    # labconfig/ beside this file is found here; whatever stood there before still reaches the hand-in helper.
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join([str(HERE), *([others] if others else [])])
    return state


def _token(state: Path) -> str:
    """Return the folder's own token; made once, readable by its owner only."""
    path = state / "token"
    if not path.exists() or not path.read_text():  # an empty token would let anybody in
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(24))
    return path.read_text()


def _settings(
    root: Path, port: int, path: str, folder: str, state: Path, *, browser: bool
) -> dict[str, dict[str, object]]:
    """Return Jupyter's configuration: one person, one folder, nothing that writes beside it."""
    # What a trainee never uses costs seconds of every start, and litter on the desk.
    nbgrader = ("assignment_list", "course_list", "formgrader", "validate_assignment")
    off = ["jupyter_lsp", "jupyter_server_terminals", "notebook"]
    off += [f"nbgrader.server_extensions.{name}" for name in nbgrader]
    return {
        "ServerApp": {
            "ip": ADDRESS,
            "port": port,
            "port_retries": 0,
            "root_dir": str(root),
            "allow_root": True,  # the only user of a container; nobody but this machine can connect
            "open_browser": browser,
            "answer_yes": True,  # Ctrl-C ends it; there is nothing to lose
            "jpserver_extensions": {"jupyterlab": True, "scenarios.lab.plain": True}
            | dict.fromkeys(off, False),
            "log_level": "ERROR",
            # Jupyter's own page for who is signed out speaks of tokens and of a command line.
            "extra_template_paths": [str(HERE / "templates")],
            "kernel_manager_class": "scenarios.lab.kernels.ReadyKernelManager",
            "tornado_settings": {"page_config_hook": partial(_page_config, folder)},
        },
        "ReadyKernelManager": {"ready_path": folder},
        "LabApp": {
            "default_url": path,
            "extra_labextensions_path": [str(HERE / "extensions")],
            "labextensions_path": [str(Path(sys.prefix) / "share" / "jupyter" / "labextensions")],
            "news_url": None,
            "log_level": "ERROR",
        },
        "IdentityProvider": {"token": _token(state)},
        # A copy beside every notebook would litter the desk; nothing here is ever saved over.
        "FileCheckpoints": {"checkpoint_dir": str(state / "data" / "checkpoints")},
        # With the default of three seconds a trainee waits longer than need be when a kernel died.
        "KernelRestarter": {"time_to_dead": 1.0},
        # One that hangs loses nothing by being ended sooner than after five: what is saved is on disk.
        "KernelManager": {"shutdown_wait_time": 1.0},
    }


def _write_json(path: Path, data: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data))


def _has_screen() -> bool:
    """Whether a graphical browser can be expected here: a text browser would take over the terminal."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True
