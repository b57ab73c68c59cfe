"""The real server on a desk, started as a person starts it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Front:
    """A running kiosk: its address and the desk it serves."""

    address: str
    desk: Path
    process: subprocess.Popen[str]

    def kernels(self) -> list[int]:
        """The process ids of the server's kernels."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(pid) for pid in children if b"ipykernel" in _command(pid)]

    @property
    def port(self) -> int:
        """The port that it serves on."""
        return int(re.findall(r":(\d+)/", self.address)[0])

    def route(self, route: str) -> str:
        """The address of a page of the course."""
        return f"{self.address}#/{route}"


def _command(pid: str) -> bytes:
    """A process's command line; nothing once it has ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


class Wire:
    """A wire between a browser and a server on this machine, at a port of its own, that can be cut.

    While ``deaf``, what the server says is lost on the way.
    """

    def __init__(self, server: int) -> None:
        self.server = server
        self.port = 0
        self.deaf = False
        self._ends: list[socket.socket] = []
        self.mend()

    def mend(self) -> None:
        """Let connections through, on the same port as before."""
        self.deaf = False
        self._door = socket.create_server(("127.0.0.1", self.port))
        self.port = int(self._door.getsockname()[1])
        threading.Thread(target=self._accept, args=(self._door,), daemon=True).start()

    def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        for end in (self._door, *self._ends):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends.clear()

    def _accept(self, door: socket.socket) -> None:
        with contextlib.suppress(OSError):  # until the wire is cut
            while True:
                near, _ = door.accept()
                try:
                    far = socket.create_connection(("127.0.0.1", self.server))
                except ConnectionRefusedError:
                    near.close()
                    continue
                self._ends += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        back = source.getpeername()[1] == self.server
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if not (back and self.deaf):
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(
    *command: str, port: int | None = None, **environment: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a server of the course (``python -m`` command), on a free port; yield it and the address it prints."""
    arguments = [sys.executable, "-m", *command, "--port", str(port or free_port()), "--no-browser"]
    with subprocess.Popen(
        arguments, env=os.environ | environment, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as process:
        assert process.stdout
        try:
            addresses = (re.search(r"http://\S+", line) for line in process.stdout)
            address = next(filter(None, addresses), None)
            assert address, f"{command} ended without an address"
            yield process, address[0]
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


@contextlib.contextmanager
def serving(desk: Path, state: Path, port: int | None = None) -> Iterator[Front]:
    """Serve a desk through the same command a person uses."""
    environment = {"XDG_STATE_HOME": str(state), "COURSE_ROOT": str(state / "no-course")}
    with started("scenarios.lab", "--desk", str(desk), port=port, **environment) as (process, address):
        yield Front(address, desk, process)


def until(truth: Callable[[], object], seconds: float = 10) -> None:
    """Wait until a function says so."""
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
