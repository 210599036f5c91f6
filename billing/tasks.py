from celery import shared_task

from billing import reconciling, upkeep


@shared_task
def ask_stripe() -> int:
    return upkeep.ask_stripe()


@shared_task
def work_off_inbox() -> int:
    return upkeep.work_off_inbox()


@shared_task
def bill_usage(tenant: str | None = None) -> int:
    return upkeep.bill_usage(tenant)


@shared_task
def follow_life(tenant: str) -> None:
    upkeep.follow_life(tenant)


@shared_task
def reconcile() -> int:
    return reconciling.reconcile(reconciling.scope_of())
