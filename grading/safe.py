"""Files in folders that other people can write: no link is followed, nothing special is opened."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from scenarios.errors import CourseError

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextlib.contextmanager
def folder(root: Path, *names: str) -> Iterator[int]:
    """Open a folder below ``root``, one name at a time, so that none of them can be a link.

    ``root`` itself is trusted.

    Raises:
        OSError: a name is missing, a link, or not a folder.
    """
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names:
            if "/" in name or name in ("", ".", ".."):
                raise OSError(errno.EINVAL, "not the name of a folder", name)
            deeper = os.open(name, FOLDER, dir_fd=fd)
            os.close(fd)
            fd = deeper
        yield fd
    finally:
        os.close(fd)


def read(name: str, folder_fd: int, limit: int) -> bytes:
    """Read a regular file of one name and at most ``limit`` bytes.

    Raises:
        CourseError: it is a link, a hard link, a device or too large. FileNotFoundError: it is not there.
    """
    try:
        fd = os.open(name, FILE, dir_fd=folder_fd)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.ENODEV):
            raise CourseError(f"{name} is not a plain file; it was not read") from error
        raise
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise CourseError(f"{name} is not a plain file; it was not read")
        if status.st_nlink > 1:
            raise CourseError(f"{name} is a hard link to a file elsewhere; it was not read")
        with open(fd, "rb", closefd=False) as file:
            content = file.read(limit + 1) if status.st_size <= limit else b""
    finally:
        os.close(fd)
    if (size := max(len(content), status.st_size)) > limit:
        raise CourseError(f"{name} has {size} bytes, more than the {limit} allowed; it was not read")
    return content


def write(name: str, folder_fd: int, content: bytes, mode: int = 0o644) -> None:
    """Put a file in place as a whole; a link of that name is replaced, never written through."""
    temporary = f".{name}.{secrets.token_hex(6)}"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=folder_fd)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
        os.replace(temporary, name, src_dir_fd=folder_fd, dst_dir_fd=folder_fd)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder_fd)
        raise


@contextlib.contextmanager
def taken(lock: Path, *, wait: bool = False) -> Iterator[bool]:
    """Take a lock and yield whether it was had; the kernel frees it however the process ends."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
