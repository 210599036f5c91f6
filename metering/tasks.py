"""What metering does in the background."""

from celery import shared_task

from metering import alerts


@shared_task
def evaluate_alerts() -> int:
    return alerts.evaluate_changed()
