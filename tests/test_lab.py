from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.lab import server


def test_no_home_page_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert server.main(["--desk", str(tmp_path), "--no-browser"]) == 1
    error = capsys.readouterr().err
    assert "home.ipynb is missing; make it with `make run`." in error
    assert error.count("\n") == 1


def test_a_taken_port_is_one_sentence_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home.ipynb").touch()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert server.main(["--desk", str(tmp_path), "--port", str(port), "--no-browser"]) == 1
    error = capsys.readouterr().err
    assert f"Port {port} cannot be used on this machine" in error
    assert "choose another one, e.g. PORT=" in error
    assert error.count("\n") == 1


def test_the_extension_is_a_prebuilt_one_and_its_settings_are_json() -> None:
    folder = server.HERE / "extensions" / "scenarios-front"
    build = json.loads((folder / "package.json").read_text())["jupyterlab"]["_build"]
    # Lab's server lets browsers keep what lies in a folder `static` for good: its names are expected to be hashes.
    assert (folder / build["load"]).is_file()
    assert "static" not in build["load"]
    for path in (server.HERE / "labconfig").glob("*.json"):
        assert isinstance(json.loads(path.read_text()), dict)


def test_nothing_outside_is_asked_for() -> None:
    package = server.HERE.parent
    for path in [*(package / "page").iterdir(), *(server.HERE / "extensions").rglob("*.js")]:
        text = path.read_text()
        assert "http://" not in text
        assert "https://" not in text
        assert "@import" not in text


def test_a_token_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    token = server._token(tmp_path)
    assert server._token(tmp_path) == token
    assert len(token) == 48
    assert (tmp_path / "token").stat().st_mode & 0o077 == 0


def test_a_librarys_idle_thread_does_not_keep_the_server_alive() -> None:
    code = """
import anyio, asyncio, sys, time
from scenarios.lab.server import _release_threads
loop = asyncio.new_event_loop()
async def work():
    await anyio.to_thread.run_sync(time.sleep, 0.01)
    loop.stop()
    await asyncio.sleep(60)
task = loop.create_task(work())
loop.run_forever()
_release_threads()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30, stderr=subprocess.DEVNULL)
