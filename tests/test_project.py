"""The project keeps its own promises: rooms, dependencies, the lock, the wheel, the README."""

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from ruamel.yaml import YAML

import grading
import scenarios

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUNTIME = {r.name: r for r in map(Requirement, PYPROJECT["project"]["dependencies"])}
DEV = {r.name: r for r in map(Requirement, PYPROJECT["project"]["optional-dependencies"]["dev"])}


def tracked():
    files = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    return [ROOT / name for name in files.stdout.decode().splitlines()]


def test_the_packages_are_this_checkouts():
    assert Path(scenarios.__file__).parent == ROOT / "scenarios"
    assert Path(grading.__file__).parent == ROOT / "grading"


def imports(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


def test_dependencies_run_one_way():
    for path in (ROOT / "scenarios").rglob("*.py"):
        forbidden = {"grading", "nbgrader", "pandas", "matplotlib", "sqlalchemy"} & set(imports(path))
        assert not forbidden, f"{path.name} imports {forbidden}"


def test_a_trainees_kernel_loads_neither_pandas_nor_nbgrader_nor_yaml():
    code = "import sys, scenarios.player; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    forbidden = {"pandas", "matplotlib", "nbgrader", "ruamel", "jsonschema", "sqlalchemy", "grading"}
    authors = {
        "spellchecker",
        *(
            f"scenarios.{n}"
            for n in ("check", "coverage", "language", "new", "preview", "stories", "writing")
        ),
    }
    assert not (forbidden | authors) & set(loaded)


def locked():
    pins = {}
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9_.-]+)==([^ ;]+)(?: ; ([^\\]+))? \\", line):
            pins[canonicalize_name(match[1])] = match[2]
    return pins


def test_the_lock_satisfies_every_range_with_hashes_and_no_address():
    text = (ROOT / "requirements.lock").read_text("utf-8")
    assert "://" not in text and "--index-url" not in text and "--find-links" not in text
    assert text.count("--hash=sha256:") >= len(locked())
    pins = locked()
    for name, requirement in {**RUNTIME, **DEV}.items():
        assert Version(pins[canonicalize_name(name)]) in requirement.specifier, f"{requirement} is not locked"


def test_the_conda_environment_has_the_same_ranges():
    environment = YAML(typ="safe").load(ROOT / "environment.yml")
    assert environment["channels"] == ["conda-forge"]
    ranges = {r.name: r.specifier for r in map(Requirement, environment["dependencies"])}
    assert {"jupyterlab", "ipywidgets", "nbgrader", "pandas", "matplotlib"} <= ranges.keys()
    assert str(ranges.pop("python")) == PYPROJECT["project"]["requires-python"]
    assert {n: s for n, s in ranges.items() if s} == {n: r.specifier for n, r in RUNTIME.items()}


def test_installed_versions_are_in_the_ranges():
    from importlib.metadata import version

    for name, requirement in RUNTIME.items():
        assert Version(version(name)) in requirement.specifier


def test_the_wheel_carries_code_and_no_key(tmp_path):
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}
    shipped = {
        p.relative_to(ROOT).as_posix()
        for p in tracked()
        if p.suffix in (".py", ".js", ".css", ".html", ".j2", ".json")
    }
    code = {n for n in shipped if n.startswith(("scenarios/", "grading/"))}
    assert names == code
    assert not [n for n in names if n.endswith((".yml", ".csv", ".ipynb", ".jsonl"))]
    assert not [n for n in names if re.search(r"/(published|library|policy)/", n)]


README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z][a-z0-9-]*):", MAKEFILE, re.MULTILINE))


def test_every_target_is_listed_with_a_line_and_every_documented_one_exists():
    documented = set(re.findall(r"(?:`|^)make ([a-z][a-z0-9-]*)", README, re.MULTILINE))
    assert documented and documented <= TARGETS
    explained = set(re.findall(r"^([a-z][a-z0-9-]*):.* ## ", MAKEFILE, re.MULTILINE))
    assert explained == TARGETS


def test_make_alone_prints_the_targets():
    printed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert all(f"make {target}" in printed for target in TARGETS)


@pytest.mark.parametrize(
    ("name", "python"),
    [("course", "/opt/envs/course/bin/python"), ("base", ".venv/bin/python"), ("", ".venv/bin/python")],
)
def test_an_active_conda_environment_is_used_and_base_is_left_alone(name, python):
    conda = {"CONDA_DEFAULT_ENV": name, "CONDA_PREFIX": f"/opt/envs/{name}"}
    told = subprocess.run(
        ["make", "-n", "check"], cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ | conda
    )
    assert f"{python} -m scenarios check" in told.stdout.splitlines()


@pytest.mark.parametrize(
    "command",
    sorted(
        set(
            re.findall(
                r"python -m (?:scenarios|grading)(?:\.\w+)?(?: [a-z-]+)?",
                README + MAKEFILE.replace("@$(PY)", "python"),
            )
        )
    ),
)
def test_every_documented_command_has_help(command):
    run = subprocess.run(
        [sys.executable, *command.split()[1:], "--help"], capture_output=True, text=True, cwd=ROOT
    )
    assert run.returncode == 0 and "usage:" in run.stdout


def test_no_address_of_this_machine_or_a_package_index_is_committed():
    home = re.compile(r"(^|[^\w.])/(?:root|home|Users)/\w")
    for path in tracked():
        if path.suffix in (".png", ".ico") or not path.is_file():
            continue
        text = path.read_text("utf-8")
        assert not home.search(text), path
        assert not re.search(r"pypi\.org|pythonhosted|registry\.npmjs", text) or path == Path(__file__), path


def test_files_the_readme_names_exist():
    for name in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in name:
            assert (ROOT / name).exists(), name
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
