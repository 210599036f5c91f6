"""What metering does in the background."""

from celery import shared_task

from metering import alerts, statements


@shared_task
def evaluate_alerts() -> int:
    return alerts.evaluate_changed()


@shared_task
def close_periods() -> int:
    return len(statements.close_due())
