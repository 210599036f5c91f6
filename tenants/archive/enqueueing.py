"""Hand work to a worker once it is committed; without a broker, `tend` finds it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from kombu.exceptions import OperationalError

log = structlog.get_logger()


def once_committed(task: Any, work_id: UUID) -> None:
    """Run `task` of tenants.archive.tasks with this id."""

    def enqueue() -> None:
        try:
            task.apply_async((str(work_id),), retry=False)
        except OperationalError as error:
            log.warning("archive_waits_for_beat", work=str(work_id), error=str(error))

    transaction.on_commit(enqueue)
