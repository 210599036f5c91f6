"""What `/readyz?verbose` says of a process: which databases answer it (events.postgres). Nobody is asked."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from events.postgres import standing
from plg_site.web import probes


def begin() -> None:
    """This process is warmed up."""
    probes.begin(internal=settings.INTERNAL_NETWORKS, report=report)


def report() -> dict[str, Any]:
    return {"databases": {name: "answers" if well else "away" for name, well in standing().items()}}
