"""What metering does in the background."""

from celery import shared_task

from events import shedding
from metering import alerts, statements

_SELDOM = 120  # seconds between two looks, under pressure


@shared_task
def evaluate_alerts() -> int:
    if shedding.is_shed("alerts") and not shedding.is_time("alerts", every=_SELDOM):
        shedding.count("alerts")
        return 0  # who has changed is kept for the next look
    return alerts.evaluate_changed()


@shared_task
def close_periods() -> int:
    return len(statements.close_due())
