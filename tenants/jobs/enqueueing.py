"""Hand work to a worker, by the name that the schedule has for it.

Without a broker nothing is lost: the scheduler's next round does the work.
"""

from __future__ import annotations

import structlog
from django.db import transaction
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

log = structlog.get_logger()


def now(task: str) -> None:
    """Let a worker run the task of this dotted name."""
    try:
        import_string(task).apply_async(retry=False)
    except OperationalError as error:
        log.warning("work_waits_for_the_schedule", task=task, error=str(error))


def once_committed(task: str) -> None:
    """The same, when the current transaction has committed."""
    transaction.on_commit(lambda: now(task), robust=True)
