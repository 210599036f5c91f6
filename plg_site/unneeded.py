"""Packages that others import where they are installed, and that nothing here needs.

`rich` (with pygments) is on this machine for developers' tools. structlog and httpx import it when they
can, for tracebacks and a command line of theirs that are not used here: 85 modules, in each process.
"""

from __future__ import annotations

import sys

NAMES = ("rich",)


def leave_out() -> None:
    """From now on an import of these raises ImportError, as where they are not installed.

    A name in `sys.modules` that is None does that (Python reference, "The module cache").
    """
    for name in NAMES:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
