"""Seats that are paid for and that nobody sits on: whoever sells seats offers to give them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenants.models import Tenant
from tenants.signals import seats_shown


@dataclass(frozen=True)
class SeatOffer:
    """What the list of members says, and where it leads: `path` on the workspace's host."""

    text: str
    label: str
    path: str


def offered(tenant: Tenant, *, members: int) -> SeatOffer | None:
    """The first offer that somebody has; None: all seats are taken, or none are sold."""
    answers: list[tuple[Any, Any]] = seats_shown.send(sender=None, tenant=tenant, members=members)
    return next((each for _, each in answers if isinstance(each, SeatOffer)), None)
