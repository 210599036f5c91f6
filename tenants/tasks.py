from functools import partial

from celery import shared_task

from identity import merging
from tenants import deletion, key_holders, moving, preparing, rows, unproved, upkeep
from tenants.archive import tasks as _of_archives  # noqa: F401 (Celery looks here only)


@shared_task
def refill_pool() -> None:
    upkeep.refill_a_slice()


@shared_task
def prepare_workspaces() -> None:
    preparing.prepare_all()


@shared_task
def look_after_lives() -> None:
    deletion.warn()
    unproved.look_after()
    key_holders.warn()
    moving.forget_former()
    merging.forget_expired(failed=partial(rows.failed, "merging.forget"))
