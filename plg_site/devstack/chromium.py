"""Finds the browser that the browser tests drive."""

import os
import shutil
import subprocess
from collections.abc import Callable

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APT_SECONDS = 240


def find() -> str | None:
    """The path of an installed Chromium; the variable CHROMIUM wins."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given if os.access(given, os.X_OK) else None
    return next(filter(None, map(shutil.which, NAMES)), None)


def find_or_install(say: Callable[[str], None]) -> str | None:
    """Like `find`; where it may, it installs Debian's package first."""
    if (found := find()) or os.geteuid() != 0 or not shutil.which("apt-get"):
        return found
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]
    say("apt-get install chromium")
    if not _runs(install):
        say("apt-get update")
        _runs(["apt-get", "update", "-q"])
        say("apt-get install chromium")
        _runs(install)
    return find()


def _runs(command: list[str]) -> bool:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(  # noqa: S603
            command, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=APT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
