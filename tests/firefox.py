"""Find a Firefox for the second engine's tests, or install one: ``python tests/firefox.py``."""

from __future__ import annotations

import functools
import os
import shutil

import chromium

NAMES = ("firefox-esr", "firefox")
CHANNEL = "moz-firefox"
"""Playwright's way to drive an unchanged Firefox (WebDriver BiDi); its own download is a patched one."""
PREFERENCES = {"ui.prefersReducedMotion": 1}
"""What BiDi cannot yet ask of a stock Firefox is asked by its preferences."""


def find() -> str | None:
    """Return a Firefox's path: $FIREFOX or PATH; None if there is none."""
    if named := os.environ.get("FIREFOX"):
        return shutil.which(named)
    return next(filter(None, map(shutil.which, NAMES)), None)


@functools.cache
def path() -> str:
    """Return a Firefox's path, installing one if need be; SystemExit with one clear line if none is to be had."""
    if not find():
        chromium.debian("Firefox", "firefox-esr")
    if firefox := find():
        return firefox
    raise SystemExit(
        "The second engine's tests need a Firefox, and none was found or could be installed; "
        "install one (Debian: apt-get install firefox-esr) or name it in FIREFOX=/path/to/firefox."
    )


if __name__ == "__main__":
    print(path())
