"""Pages to print: self-contained HTML without a script or an address elsewhere."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scenarios.view import blocks

TEMPLATES = Path(__file__).parent / "templates"


def sheet(name: str, **shown: Any) -> str:
    """Return the page that ``templates/<name>.html.j2`` makes of what is to be shown."""
    return _environment().get_template(f"{name}.html.j2").render(**shown)


def write_sheet(path: Path, name: str, **shown: Any) -> Path:
    """Write a page as UTF-8, its folder too, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(sheet(name, **shown), "utf-8")
    return path


def environment(templates: Path) -> Environment:
    """Return what makes pages of a folder's templates: texts are escaped, and what is not given is an error.

    ``blocks`` splits a scenario's prose into paragraphs; ``> Name: words`` is somebody speaking.
    """
    made = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["blocks"] = lambda text: blocks(text or "")
    return made


@cache
def _environment() -> Environment:
    return environment(TEMPLATES)
