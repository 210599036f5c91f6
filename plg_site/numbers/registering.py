"""Where it begins: registered in every process; those that stay call `metrics.serve`."""

from __future__ import annotations

from events import metrics
from plg_site.numbers import database, requests, tasks  # noqa: F401 (they define what is counted)


def register() -> None:
    """Let what is known here be asked, and each process tell of its pool."""
    metrics.register(tasks.QUESTION)
    metrics.tell_with(database.Pool().tell)
