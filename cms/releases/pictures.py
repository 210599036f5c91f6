"""Where the pictures of the website come from: its storage, or what a release has kept of them."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from django.core.files.storage import default_storage


def path_of(name: str) -> Path | None:
    """The file of a picture ("images/sign.width-800.png") where pictures lie in a folder."""
    try:
        found = Path(default_storage.path(name))
    except NotImplementedError:  # a bucket
        return None
    return found if found.is_file() else None


def take(name: str, target: Path, *, kept: Path | None) -> bool:
    """Put the picture at `target`; `kept` is what another release has of it.

    From a folder first: there it may have been replaced. A bucket gives a name to one picture only,
    so what is kept is the same. A picture that is lost is no reason to keep a page from anybody: False.
    """
    if target.exists():
        return True
    source = path_of(name) or kept
    if source is not None and _link_or_copy(source, target):
        return True
    return _fetch(name, target)


def _fetch(name: str, target: Path) -> bool:
    """As the storage gives it. Raises OSError when it does not answer: the build is tried again."""
    try:
        with default_storage.open(name) as source, target.open("xb") as file:
            shutil.copyfileobj(source, file)
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        target.unlink(missing_ok=True)
        return False
    except OSError:
        target.unlink(missing_ok=True)
        raise
    return True


def _link_or_copy(source: Path, target: Path) -> bool:
    with suppress(OSError):
        os.link(source, target)
        return True
    with suppress(OSError):  # the pictures may lie on another file system
        shutil.copyfile(source, target)
        return True
    return False
