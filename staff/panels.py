"""Parts of the page about one thing: each app tells what it knows. Registered in `ready`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction

log = structlog.get_logger()


@dataclass(frozen=True)
class Panel:
    """`tell(subject)` gives the template its context; None leaves the panel out."""

    title: str
    template: str
    tell: Callable[[Any], dict[str, object] | None]
    order: int = 50


@dataclass(frozen=True)
class Shown:
    """A panel with what it says; `told` is None where it could not be asked."""

    title: str
    template: str
    told: dict[str, object] | None


_panels: dict[str, list[Panel]] = {}


def register(kind: str, panel: Panel) -> None:
    """Show the panel on the page of every thing of this kind ("workspace", "person")."""
    known = _panels.setdefault(kind, [])
    known[:] = [each for each in known if each.title != panel.title] + [panel]


def about(kind: str, subject: Any) -> list[Shown]:
    """What all panels of the kind say of `subject`. One that fails does not take the others along."""
    shown = []
    for panel in sorted(_panels.get(kind, ()), key=lambda panel: panel.order):
        try:
            with transaction.atomic():
                told = panel.tell(subject)
        except Exception:
            log.exception("staff.panel_failed", panel=panel.title)
            shown.append(Shown(panel.title, panel.template, None))
            continue
        if told is not None:
            shown.append(Shown(panel.title, panel.template, told))
    return shown
