"""Rows brought to Stripe: each event arrives once, whoever sends it and however often.

Stripe refuses an identifier that it has seen within 24 hours: that is an answer, too, and says that it
arrived. After that it would count it again; so a row that was tried long ago is first looked for in what
Stripe's meter has counted.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import stripe
import structlog

from billing.exporting.meter_events import items
from billing.models import MeteredPeriod, MeterExport
from billing.selling import metered_prices as prices
from billing.stripe_client import client

log = structlog.get_logger()

_UNIQUE_FOR = timedelta(
    hours=23
)  # Stripe: "uniqueness within a rolling period of at least 24 hours"


def send_next(period: MeteredPeriod, *, now: datetime) -> bool:
    """Send one row, or take one back; False when nothing is left. Raises stripe.StripeError.

    The caller holds the account's row: one sender at a time. When it first was tried is noted before
    (`note_tries`), and committed.
    """
    row = _next(period)
    if row is None:
        return False
    if row.state == MeterExport.State.WITHDRAWING:
        _take_back(row)
        return True
    long_ago = row.tried_at is not None and now - row.tried_at > _UNIQUE_FOR
    if not (long_ago and _has_arrived(period, row)):
        _post(period, row)
    _is_sent(row, now)
    return True


def note_tries(period: MeteredPeriod, *, now: datetime) -> None:
    """Note that what waits is tried now, before Stripe hears of it."""
    rows = period.exports.filter(state=MeterExport.State.WRITTEN, tried_at=None)
    rows.update(tried_at=now)


def _next(period: MeteredPeriod) -> MeterExport | None:
    waits = (MeterExport.State.WITHDRAWING, MeterExport.State.WRITTEN)
    rows = list(period.exports.filter(state__in=waits).order_by("hour", "revision")[:100])
    # What is to be taken back goes first: the summary is never above what is true for long.
    rows.sort(key=lambda row: row.state != MeterExport.State.WITHDRAWING)
    return rows[0] if rows else None


def summary(period: MeteredPeriod) -> int:
    """What Stripe's meter has counted for the period. Raises stripe.StripeError."""
    found = client().v1.billing.meters.event_summaries.list(
        period.stripe_meter_id,
        {
            "customer": period.customer_id,
            "start_time": int(items.on_the_minute(period.period_start).timestamp()),
            "end_time": int(items.on_the_minute(period.period_end).timestamp()),
        },
    )
    return sum(int(each.aggregated_value) for each in found.data)


def _post(period: MeteredPeriod, row: MeterExport) -> None:
    try:
        client().v1.billing.meter_events.create(
            {
                "event_name": prices.event_name(row.meter),
                "identifier": row.identifier,
                "timestamp": int(row.timestamp.timestamp()),
                "payload": {
                    "stripe_customer_id": period.customer_id,
                    "value": str(row.quantity),
                },
            }
        )
    except stripe.InvalidRequestError as error:
        if not is_duplicate(error):
            raise
        log.info("billing.meter_event_was_there", identifier=row.identifier)


def is_duplicate(error: stripe.InvalidRequestError) -> bool:
    """Whether a refusal says that the event had arrived before."""
    words = f"{error.code} {error.user_message or error}".lower()
    return error.http_status == 400 and (
        "duplicate" in words or ("identifier" in words and "already" in words)
    )


def _has_arrived(period: MeteredPeriod, row: MeterExport) -> bool:
    """Whether what Stripe has counted is what is known to be there, and this row."""
    known = period.exports.filter(state=MeterExport.State.SENT)
    return summary(period) == sum(known.values_list("quantity", flat=True)) + row.quantity


def _is_sent(row: MeterExport, now: datetime) -> None:
    row.state, row.sent_at = MeterExport.State.SENT, now
    row.save(update_fields=["state", "sent_at"])


def _take_back(row: MeterExport) -> None:
    try:
        client().v1.billing.meter_event_adjustments.create(
            {
                "event_name": prices.event_name(row.meter),
                "type": "cancel",
                "cancel": {"identifier": row.identifier},
            }
        )
    except stripe.InvalidRequestError as error:
        if not _is_gone(error):
            raise
    row.state = MeterExport.State.WITHDRAWN
    row.save(update_fields=["state"])


def _is_gone(error: stripe.InvalidRequestError) -> bool:
    """Whether it was taken back before, or never arrived."""
    words = (error.user_message or str(error)).lower()
    return error.code == "resource_missing" or "cancelled already" in words
