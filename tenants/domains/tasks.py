from celery import shared_task

from tenants.domains import checking


@shared_task
def check_domains() -> int:
    return checking.check_due()
