"""Which of the project's processes this one is, as docs/architecture.md calls them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

_OF_COMMANDS = {"consume_events": "events", "run_outbound": "outbound", "run_readers": "readers"}
_OF_PROGRAMS = {"gunicorn": "web", "together": "background", "live": "live"}


def role() -> str:
    """The role of this process: "web", "worker", "events", or the name of a management command."""
    return _of(os.getpid(), tuple(sys.argv))  # a forked process gets its own command line


def of(arguments: Sequence[str]) -> str:
    """The role of who was started like this."""
    if not arguments:
        return "python"
    program = Path(arguments[0])
    names = {*program.parts, program.stem}
    if "celery" in names:
        return next((each for each in ("worker", "beat") if each in arguments), "celery")
    if found := names & _OF_PROGRAMS.keys():
        return _OF_PROGRAMS[found.pop()]
    if program.stem in {"manage", "django-admin"} and len(arguments) > 1:
        return _OF_COMMANDS.get(arguments[1], arguments[1])
    return program.stem or "python"


@lru_cache(maxsize=4)
def _of(pid: int, arguments: tuple[str, ...]) -> str:
    return of(arguments)
