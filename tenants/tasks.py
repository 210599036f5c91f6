from functools import partial

from celery import shared_task

from identity import proofs
from tenants.archive import tasks as _of_archives  # noqa: F401 (Celery looks here only)
from tenants.jobs import rows
from tenants.keys import key_holders
from tenants.life import deletion, moving, purge, unproved
from tenants.members import door_proofs
from tenants.pool import preparing, upkeep


@shared_task
def refill_pool() -> None:
    upkeep.refill_a_slice()


@shared_task
def prepare_workspaces() -> None:
    preparing.prepare_all()


@shared_task
def check_doors() -> int:
    return door_proofs.check_due()


@shared_task
def purge_workspaces() -> int:
    return purge.purge_due()


@shared_task
def look_after_lives() -> None:
    deletion.warn()
    unproved.look_after()
    key_holders.warn()
    moving.forget_former()
    proofs.forget_expired_merges(failed=partial(rows.failed, "merging.forget"))
