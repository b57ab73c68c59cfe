"""docs/AUTHORS.md is true: its commands do what it says, in its order, and it quotes what the check really says."""

import ast
import csv
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from grading.__main__ import main as grading_main
from grading.course import Course
from scenarios import approval, load
from scenarios.__main__ import COMMANDS
from scenarios.__main__ import main as scenarios_main
from scenarios.lab import server
from scenarios.rules import PLACEHOLDER

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "AUTHORS.md").read_text("utf-8")
TYPED = [line for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL) for line in block.splitlines()]


@pytest.fixture
def content(tmp_path, monkeypatch):
    """A copy of the real content, where an author may write, with the scenarios that are taught."""
    root = tmp_path / "course"
    for folder in ("library", "policy", "published"):
        shutil.copytree(ROOT / "scenarios" / folder, root / "scenarios" / folder)
    for path in (root / "scenarios" / "library").glob("*/*.yml"):
        if not list((root / "scenarios" / "published").glob(f"{path.name[:3]}@*")):
            path.unlink()
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    (root / "grading").mkdir()
    for name in ("assignments.yml", "roster.example.csv"):
        shutil.copy(ROOT / "grading" / name, root / "grading")
    monkeypatch.chdir(root)
    monkeypatch.setenv("COURSE_CONTENT", str(root))
    monkeypatch.delenv("COURSE_ROOT", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return root


def run(command):
    """Run what a command of the guide comes down to, as make would; return the first exit code that is not 0."""
    lines = [command]
    if command.startswith("make "):
        lines = subprocess.run(
            ["make", "-n", *shlex.split(command)[1:]], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.splitlines()
    programs = {"scenarios": scenarios_main, "grading": grading_main}
    found = [line for line in lines if re.search(r"python -m (scenarios|grading)\b", line)]
    assert found or command in ("make env", ". .venv/bin/activate"), command
    for line in found:
        _, _, module, *arguments = shlex.split(line)
        if code := programs[module](arguments):
            return code
    return 0


def test_its_commands_lead_from_an_empty_file_to_a_release(content, monkeypatch, capsys):
    opened = []
    # The real server is started, and looked at in a browser, in tests/browser/test_preview_page.py.
    monkeypatch.setattr(
        server, "serve", lambda desk, port, *, browser: opened.append((desk / "home.ipynb").read_text())
    )

    def write():
        path = load.find("T40")
        text = PLACEHOLDER.sub(r"\1", path.read_text("utf-8"))
        path.write_text(text.replace("clauses: []", "clauses: [C17]"), "utf-8")

    def rate():
        path = content / ".course" / "review" / "ratings.csv"
        rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([rows[0], *(["Ana", *row[1:5], "1", ""] for row in rows[1:5])])

    def plan():
        block = re.search(r"```yaml\n(  - id: .*?)```", GUIDE, re.DOTALL)[1]
        with (content / "grading" / "assignments.yml").open("a", encoding="utf-8") as file:
            file.write(block)

    by_hand = {"make check": write, "python -m scenarios review-pack T40": rate}
    codes = {}
    for command in TYPED:
        if command.startswith("python -m scenarios approve"):
            seen = approval.code(approval.fingerprint(load.find("T40")))
            codes[command] = [run(command.replace("3f2a9c1b", seen))]
            plan()
            continue
        codes.setdefault(command, []).append(run(command))
        by_hand.pop(command, lambda: None)()
        if command == "make check" and len(codes[command]) == 1:
            assert "T40-new.yml:16: title: still to write" in capsys.readouterr().out
    assert codes.pop("make check") == [1, 0]
    assert set(map(tuple, codes.values())) == {(0,)}
    assert [re.search("T[0-9]+", notebook)[0] for notebook in opened] == ["T01", "T40"]
    assert (Course.here().outbound / "onboarding-therapist-2" / "T40.ipynb").is_file()
    assert (content / "scenarios" / "published" / "T40@1.yml").is_file()


def test_every_command_it_mentions_exists():
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z][a-z0-9-]*)", GUIDE, re.MULTILINE))
    assert {"check", "questions", "coverage"} <= named <= targets
    assert set(re.findall(r"python -m scenarios ([a-z-]+)", GUIDE)) <= {"check", *COMMANDS}


def said():
    """Everything that is said in the code, with … for what is put into it."""
    for folder in ("scenarios", "grading"):
        for path in (ROOT / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    yield "".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_the_lines_of_the_check_that_it_explains_are_those_of_the_check():
    quoted = [
        line
        for row in re.findall(r"^\| (`.*?) \|", GUIDE, re.MULTILINE)
        for line in re.findall("`([^`]+)`", row)
    ]
    known = list(said())
    assert len(quoted) > 30
    unknown = []
    for line in quoted:
        parts = [part.strip() for part in line.split("…") if part.strip(" ;:")]
        if not any(all(part.strip(";: ") in text for part in parts) for text in known):
            unknown.append(line)
    assert unknown == []


def test_the_files_it_names_are_there():
    for name in re.findall(r"`((?:scenarios|grading)/[\w./-]+\.(?:yml|csv))`", GUIDE):
        assert (ROOT / name).exists() or "T40" in name, name
