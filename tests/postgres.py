"""Find or install PostgreSQL's server, and run one for the tests: ``python tests/postgres.py``."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import chromium
import psycopg

DATABASE = "database.url"
"""The file of a course that names its database."""


@functools.cache
def binaries() -> Path:
    """Return the folder of initdb and pg_ctl, installing them if need be; SystemExit with one clear line if not."""
    if not _find():
        chromium.debian("PostgreSQL", "postgresql")
    if found := _find():
        return found
    raise SystemExit(
        "These tests need PostgreSQL's server, and none was found or could be installed; "
        "install it (Debian: apt-get install postgresql) or put its initdb and pg_ctl on PATH."
    )


def _find() -> Path | None:
    if on_path := shutil.which("pg_ctl"):
        return Path(on_path).resolve().parent
    debians = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda p: int(p.parts[-3]))
    return debians[-1].parent if debians else None


def create(course: Path, server: str, template: str = "template1") -> None:
    """Give a course's folder a new database of its own."""
    name = f"course_{secrets.token_hex(4)}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    course.mkdir(parents=True, exist_ok=True)
    (course / DATABASE).write_text(f"{server}/{name}")


def copy(course: Path) -> None:
    """Give a folder that was copied its own copy of the database, too; nothing where that is a file."""
    if (course / DATABASE).exists():
        create(course, *_named(course))


def drop(course: Path) -> None:
    """Remove a course's database; nothing where that is a file."""
    if (course / DATABASE).exists():
        server, name = _named(course)
        _run(server, f"DROP DATABASE {name} WITH (FORCE)")


def _named(course: Path) -> tuple[str, str]:
    server, _, name = (course / DATABASE).read_text().rpartition("/")
    return server, name


def _run(server: str, statement: str) -> None:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as db:
        db.execute(statement)


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run a server on 127.0.0.1 with its data in a temporary folder; yield its address, and stop it afterwards."""
    account = (
        {"user": "postgres", "extra_groups": ()} if os.geteuid() == 0 else {}
    )  # it refuses to run as root
    with tempfile.TemporaryDirectory(prefix="course-postgres-") as folder:
        data, password = f"{folder}/data", secrets.token_hex(16)
        secret = Path(folder, "password")
        secret.write_text(password)
        if account:
            shutil.chown(folder, account["user"])
            shutil.chown(secret, account["user"])

        def run(command: str, *arguments: str) -> None:
            done = subprocess.run(
                [binaries() / command, "-D", data, *arguments],
                **account,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            if done.returncode:
                raise RuntimeError(Path(log.name).read_text())

        with Path(folder, "log").open("w") as log:
            run(
                "initdb",
                "-U",
                "course",
                "-A",
                "scram-sha-256",
                f"--pwfile={secret}",
                "-E",
                "UTF8",
                "--no-sync",
            )
            port = _free_port()
            run("pg_ctl", "-w", "-o", f"-h 127.0.0.1 -p {port} -k '{folder}' -c fsync=off", "start")
            try:
                yield f"postgresql://course:{password}@127.0.0.1:{port}"
            finally:
                run("pg_ctl", "-m", "fast", "stop")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    print(binaries())
