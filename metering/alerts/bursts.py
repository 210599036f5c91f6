"""Tells owners and admins when much comes that a meter leaves out: a robot, or somebody who tries.

A meter says with `burst` how many within an hour are news. One mail a day and workspace, decided by
the same unique rows as alerts; pages say it for a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import transaction

import events
from metering.alerts import alert_mail
from metering.asking.query import Question, ask_stored
from metering.definitions.catalogue import meters
from metering.definitions.meter import Meter
from metering.event_types import USAGE_ALERT_SENT
from metering.models import AlertSent
from metering.wording.words import in_sentence, quantity
from tenants.models import Tenant

THRESHOLD = "burst"
_HOUR, _SHOWN = timedelta(hours=1), timedelta(hours=24)


def evaluate(tenant: Tenant, *, now: datetime | None = None) -> int:
    """Mail what is due; returns for how many meters. Safe to repeat. Raises StoreUnavailable."""
    now = now or datetime.now(UTC)
    watched = [meter for meter in meters().values() if meter.burst is not None]
    if not watched:
        return 0
    end = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    questions = [Question(meter=meter.key, start=end - _HOUR, end=end) for meter in watched]
    answers = ask_stored(tenant, *questions, now=now)
    return sum(
        _tell(tenant, meter, int(rows[0].value), now)
        for meter, rows in zip(watched, answers, strict=True)
    )


def notices(tenant: Tenant, *, now: datetime | None = None) -> Sequence[tuple[Meter, str]]:
    """What pages say of the last day: the meter and the words."""
    since = (now or datetime.now(UTC)) - _SHOWN
    rows = AlertSent.objects.for_tenant(tenant).filter(threshold=THRESHOLD, sent_at__gt=since)
    known = meters()
    return [
        (meter, f"More than {quantity(meter, row.at)} {in_sentence(meter.label)} came within an "
                f"hour, on {row.sent_at:%-d %B at %H:%M} UTC. {meter.description}")
        for row in rows.order_by("-sent_at")
        if (meter := known.get(row.meter)) is not None
    ]  # fmt: skip


@transaction.atomic
def _tell(tenant: Tenant, meter: Meter, used: int, now: datetime) -> bool:
    if meter.burst is None or used < meter.burst:
        return False
    _, is_new = AlertSent.objects.get_or_create(
        tenant=tenant,
        meter=meter.key,
        period=f"{now.astimezone(UTC):%Y%m%d}",
        threshold=THRESHOLD,
        at=meter.burst,
    )
    if is_new:
        count = alert_mail.send_burst(tenant, meter, used=used)
        said = {"meter": meter.key, "threshold": THRESHOLD, "at": meter.burst, "used": used}
        events.record_with_row(
            USAGE_ALERT_SENT.name, tenant=tenant, properties={**said, "recipients": count}
        )
    return is_new
