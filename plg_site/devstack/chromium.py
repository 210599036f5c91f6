"""Finds the browser that the browser tests drive."""

import os
import shutil
from collections.abc import Callable

from plg_site.devstack import apt

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of an installed Chromium; the variable CHROMIUM wins."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given if os.access(given, os.X_OK) else None
    return next(filter(None, map(shutil.which, NAMES)), None)


def find_or_install(say: Callable[[str], None]) -> str | None:
    """Like `find`; where it may, it installs Debian's package first."""
    if found := find():
        return found
    apt.install("chromium", say)
    return find()
