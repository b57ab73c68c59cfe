"""The kernel that stands ready, asked for as the page does."""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import miniature
import pytest
from jupyter_client.blocking.client import BlockingKernelClient

sys.path.insert(0, str(Path(__file__).parent / "browser"))

from kiosk import Front, serving, until

Json = dict[str, Any]


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    with serving(miniature.make(tmp_path / "desk"), tmp_path / "state") as running:
        until(lambda: kernels(running))
        yield running


def ask(front: Front, path: str, data: Json | None = None, method: str | None = None) -> Any:
    root, _, token = front.address.partition("/doc/tree/home.ipynb?token=")
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(
        f"{root}/api/{path}", body, {"Authorization": f"token {token}"}, method=method
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.loads(reply.read() or b"null")


def kernels(front: Front) -> list[str]:
    return [kernel["id"] for kernel in ask(front, "kernels")]


def opened(front: Front, path: str = "home.ipynb") -> Json:
    """Start a session as the page does; return it."""
    session = {"path": path, "name": Path(path).name, "type": "notebook", "kernel": {"name": "python3"}}
    answer: Json = ask(front, "sessions", session)
    return answer


def evaluated(front: Front, kernel: str, expression: str) -> str:
    """What an expression is worth in a kernel."""
    (connection,) = front.desk.parent.rglob(f"kernel-{kernel}.json")
    client = BlockingKernelClient()
    client.load_connection_file(str(connection))
    client.start_channels()
    try:
        reply = client.execute("", user_expressions={"it": expression}, reply=True, timeout=60)
        return str(reply["content"]["user_expressions"]["it"]["data"]["text/plain"])
    finally:
        client.stop_channels()
        client.context.destroy()


def test_the_first_page_gets_the_kernel_that_stands_ready_with_its_imports_done(front: Front) -> None:
    (ready,) = kernels(front)
    assert opened(front)["kernel"]["id"] == ready
    assert kernels(front) == [ready]
    assert evaluated(front, ready, "'scenarios.player' in __import__('sys').modules") == "True"
    assert evaluated(front, ready, "__import__('os').getcwd()") == repr(str(front.desk))
    assert evaluated(front, ready, "[name for name in dir() if 'desk' in name or 'player' in name]") == "[]"


def test_it_is_handed_out_once_and_only_in_its_folder(front: Front) -> None:
    (ready,) = kernels(front)
    elsewhere = opened(front, f"{miniature.ASSIGNMENT}/T01.ipynb")["kernel"]["id"]
    assert elsewhere != ready
    assert evaluated(front, elsewhere, "__import__('os').getcwd()").endswith(f"{miniature.ASSIGNMENT}'")
    assert opened(front)["kernel"]["id"] == ready
    assert opened(front, "another.ipynb")["kernel"]["id"] not in (ready, elsewhere)


def test_a_ready_kernel_that_died_is_not_handed_out(front: Front) -> None:
    (process,) = front.kernels()
    os.kill(process, signal.SIGKILL)
    kernel = opened(front)["kernel"]["id"]  # the old one only if it was restarted by now
    assert evaluated(front, kernel, "1 + 1") == "2"
    assert kernels(front) == [kernel]
    assert len(front.kernels()) == 1
    assert front.kernels() != [process]


def test_once_handed_out_it_is_a_kernel_like_any_other(front: Front) -> None:
    session = opened(front)
    kernel = session["kernel"]["id"]
    ask(front, f"kernels/{kernel}/interrupt", {})
    ask(front, f"kernels/{kernel}/restart", {})
    assert evaluated(front, kernel, "1 + 1") == "2"
    (process,) = front.kernels()
    os.kill(process, signal.SIGKILL)
    until(lambda: front.kernels() not in ([], [process]))
    assert evaluated(front, kernel, "2 + 2") == "4"
    assert kernels(front) == [kernel]


def test_after_the_last_kernel_ended_one_stands_ready_again(front: Front) -> None:
    session = opened(front)
    ask(front, f"sessions/{session['id']}", method="DELETE")
    until(lambda: kernels(front) not in ([], [session["kernel"]["id"]]))
    (ready,) = kernels(front)
    assert opened(front)["kernel"]["id"] == ready
