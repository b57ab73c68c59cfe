"""Find a Chromium for the browser tests, or install one: ``python tests/chromium.py``."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""What a test's browser is started with: it talks to this machine only."""


def find() -> str | None:
    """Return a Chromium's path: $CHROMIUM, PATH, or Playwright's own download; None if there is none."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or _playwrights()


def _playwrights() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """Try Playwright's download, then Debian's package; what fails is left to ``path`` to say."""
    attempt("Chromium", sys.executable, "-m", "playwright", "install", "--with-deps", "chromium")
    if not find():
        debian("Chromium", "chromium", "fonts-liberation")


def debian(what: str, *packages: str) -> None:
    """Try to install Debian's packages, as root or with a sudo that asks nothing."""
    if shutil.which("apt-get"):
        apt = () if os.geteuid() == 0 else ("sudo", "-n")
        attempt(what, *apt, "apt-get", "update", "-qq")
        attempt(what, *apt, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages)


def attempt(what: str, *command: str) -> None:
    """Run a command that may bring what is missing; say so, and let it go wrong."""
    print(f"No {what} yet; trying", Path(command[0]).name, *command[1:], flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, check=False, timeout=600, **quiet)


@functools.cache
def path() -> str:
    """Return a Chromium's path, installing one if need be; SystemExit with one clear line if none is to be had."""
    if not find():
        install()
    if chromium := find():
        return chromium
    raise SystemExit(
        "The browser tests need a Chromium, and none was found or could be installed; "
        "install one (Debian: apt-get install chromium) or name it in CHROMIUM=/path/to/chromium."
    )


if __name__ == "__main__":
    print(path())
