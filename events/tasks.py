"""What the event log does in the background."""

from celery import shared_task

from events.store import maintenance


@shared_task
def maintain() -> list[str]:
    return maintenance.run()
