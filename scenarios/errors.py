"""The one error a person is meant to read, and what is said of every other."""

from __future__ import annotations

import errno

_WORDS = dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "the disk is full")
_WORDS |= dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS, errno.EISDIR), "its file cannot be written")
"""What the system's words for a write that did not work mean to a trainee."""


class CourseError(Exception):
    """Bad input, told in one sentence that names the file, the place and the remedy."""


def plainly(error: BaseException) -> str:
    """Return what a trainee reads about an error, whatever it is: one or two plain sentences, no traceback."""
    if isinstance(error, CourseError):
        return str(error)
    if isinstance(error, OSError):
        return (
            f"This could not be saved ({_WORDS.get(error.errno or 0) or error.strerror or error}). "
            "What was saved before is safe; tell your supervisor, then try again."
        )
    return (
        "Something in the course did not work. What was saved is safe; reload the page, "
        "and tell your supervisor if it happens again."
    )
