"""Change single values of an author's YAML file; every other byte of it stays as it was written.

ruamel's round trip keeps comments, but rewrites ``null`` and breaks long lines anew; so the new value is put
into the text at the marks that ruamel's parser gives to the old one.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import CollectionNode, MappingNode

from scenarios.errors import CourseError
from scenarios.load import Document, Place, plain_yaml

NO_WRAP = 1 << 20


def replace(path: Path, schema: str, changes: Mapping[Place, Any]) -> None:
    """Put new values in the place of those that stand in a file, on one line each.

    Raises:
        CourseError: the file does not pass its schema, or would not afterwards; nothing is written.
    """
    document = Document(path)
    if not document.validate(schema):
        raise CourseError(str(document.problems[0]))
    text = document.text
    for place, value in sorted(
        changes.items(), key=lambda change: -document.node(change[0]).start_mark.index
    ):
        start, end = _span(document, place)
        text = f"{text[:start]}{' ' if text[start - 1] == ':' else ''}{in_one_line(value)}{text[end:]}"
    new = path.with_name(f".{path.name}.new")
    try:
        new.write_text(text, "utf-8", newline="")
        written = Document(new)
        if not written.validate(schema):
            raise CourseError(
                f"{document.name} was not changed: {written.problems[0].message} "
                f"({written.problems[0].key or written.problems[0].line}); correct the value, or write it by hand."
            )
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def in_one_line(value: Any) -> str:
    """Return a value as YAML that fits behind a key."""
    yaml = plain_yaml()
    yaml.default_flow_style = True
    yaml.allow_unicode = True
    yaml.width = NO_WRAP
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # ruamel annotates it as None
    stream = io.StringIO()
    yaml.dump({"value": value}, stream)  # by itself, a bare scalar would come with an end mark
    return stream.getvalue().strip().removeprefix("{value: ").removesuffix("}")


def _span(document: Document, place: Place) -> tuple[int, int]:
    """Return where a value begins and ends in the text."""
    last = node = document.node(place)
    while isinstance(last, CollectionNode) and not last.flow_style:  # a block ends with its last value
        last = last.value[-1][1] if isinstance(last, MappingNode) else last.value[-1]
    if node.start_mark.index < last.end_mark.index:
        return node.start_mark.index, last.end_mark.index
    # Nothing stands behind the key, and the marks of nothing are wherever the text goes on.
    above = document.text.splitlines(True)[: document.line(place)]
    end = sum(map(len, above)) - len(above[-1]) + above[-1].index(f"{place[-1]}:") + len(f"{place[-1]}:")
    return end, end
