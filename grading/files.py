"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any


def write_atomically(path: Path, text: str) -> None:
    """Replace a file as a whole, readable by others; what was there stays until the new one is complete."""
    with replacing(path) as file:
        file.write(text.encode("utf-8"))


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes another's place once it is complete; after an error, what was there stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        temporary = Path(file.name)
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), 0o644)  # not by its name, which another may have given to a link by now
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def write_json(path: Path, data: Any) -> None:
    """Replace a JSON file as a whole."""
    write_atomically(path, json.dumps(data, ensure_ascii=False, indent=1) + "\n")
