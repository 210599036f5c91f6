from celery import shared_task

from tenants.archive import tasks as _of_archives  # noqa: F401 (Celery looks here only)

from tenants.archive import tasks as _of_archives  # noqa: F401 (Celery looks here only)

from tenants import preparing, upkeep


@shared_task
def refill_pool() -> None:
    upkeep.refill_a_slice()


@shared_task
def prepare_workspaces() -> None:
    preparing.prepare_all()
