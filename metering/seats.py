"""Seats are a meter like any other; this answers when `tenants` asks for one."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from metering import quota
from metering.catalogue import meters
from metering.decision import QuotaExceeded
from tenants.membership import SeatRefused
from tenants.models import Tenant
from tenants.signals import seat_released, seat_requested

SEATS = "seats"


@receiver(seat_requested)
def take_seat(tenant: Tenant, take: bool, **_: Any) -> None:
    """Take a seat, or (for an invitation) only see whether one is left. Raises SeatRefused."""
    if SEATS not in meters():
        return
    try:
        quota.consume(tenant, SEATS)
    except QuotaExceeded as refused:
        raise SeatRefused(str(refused)) from refused
    if not take:
        quota.release(tenant, SEATS)


@receiver(seat_released)
def give_seat_back(tenant: Tenant, **_: Any) -> None:
    if SEATS in meters():
        quota.release(tenant, SEATS)
