from celery import shared_task

from tenants import pool


@shared_task
def refill_pool() -> int:
    return pool.refill()
