"""A miniature course for tests: two scenarios with all five kinds of decision, the real roster, the real code."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import postgres
import pytest

from grading.course import Course
from scenarios import publish
from scenarios.answers import AnswerLog
from scenarios.load import find
from scenarios.load import scenario as load_scenario
from scenarios.model import from_trainee, payload
from scenarios.session import Session

REPOSITORY = Path(__file__).parents[1]
MINIATURE = Path(__file__).parent / "data" / "course"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres",
        action="store_true",
        help="run only the tests with a course, and keep each course's gradebook in a real PostgreSQL server",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--postgres"):
        others = [item for item in items if not {"course", "released"}.intersection(item.fixturenames)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The address of the database server to use; None: every course keeps its gradebook in a file."""
    if not request.config.getoption("--postgres"):
        yield None
        return
    with postgres.server() as address:
        yield address


def _make(root: Path, server: str | None) -> None:
    shutil.copytree(MINIATURE, root / "content")
    shutil.copy(REPOSITORY / "grading" / "roster.example.csv", root / "content" / "grading")
    if server:
        postgres.create(root / "course", server)


def _use(root: Path, patch: pytest.MonkeyPatch) -> Course:
    patch.setenv("COURSE_CONTENT", str(root / "content"))
    patch.setenv("COURSE_ROOT", str(root / "course"))
    publish.load_published.cache_clear()
    return Course.here()


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: str | None) -> Iterator[Course]:
    """The miniature course, nothing released; COURSE_CONTENT and COURSE_ROOT lead to it."""
    _make(tmp_path, server)
    yield _use(tmp_path, monkeypatch)
    postgres.drop(tmp_path / "course")


@pytest.fixture(scope="session")
def _released(tmp_path_factory: pytest.TempPathFactory, server: str | None) -> Iterator[Path]:
    from grading.exchange import release

    root = tmp_path_factory.mktemp("released")
    _make(root, server)
    with pytest.MonkeyPatch.context() as patch:
        release(_use(root, patch), "mini")
    yield root


@pytest.fixture
def released(_released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Course]:
    """The miniature course with the assignment ``mini`` published and released."""
    shutil.copytree(_released, tmp_path, dirs_exist_ok=True)
    postgres.copy(tmp_path / "course")
    yield _use(tmp_path, monkeypatch)
    postgres.drop(tmp_path / "course")


Take = Callable[..., Path]


@pytest.fixture
def take() -> Take:
    """Answer a scenario on a desk as the player would: ``take(desk, "mini", "T90", "best")`` returns the log.

    ``change`` replaces answers of the play (bare values as in ``plays``); ``stop`` is the step before which
    the trainee leaves; otherwise the attempt is finished.
    """

    def take(
        desk: Path,
        assignment: str,
        scenario_id: str,
        play: str = "best",
        change: Mapping[str, Any] | None = None,
        stop: str | None = None,
        attempt: int = 1,
    ) -> Path:
        folder = desk / assignment
        view = json.loads((folder / f"{scenario_id}.json").read_text("utf-8"))
        plays = {p.name: p.answers for p in load_scenario(find(scenario_id)).plays}
        answers = {**plays[play], **(change or {})}
        log = AnswerLog(folder / f"{scenario_id}.answers.jsonl")
        session = Session(from_trainee(view), log.read().events, attempt)

        def add(name: str, answer: Mapping[str, Any] | None = None) -> None:
            event = session.event(name, answer)
            if name == "started":
                event |= {"assignment": assignment, "scenario": view["id"]}
                event |= {"version": view["version"], "sha256": view["sha256"]}
            session.apply(log.append(event)[0])

        if not session.started:
            add("started")
        while session.current and session.decision:
            if session.current.id == stop:
                return log.path
            add("answered", payload(session.decision.kind, answers[session.current.id]))
        add("finished")
        return log.path

    return take
