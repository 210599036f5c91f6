from celery import shared_task

from staff import trail


@shared_task
def forget_looks() -> int:
    return trail.forget()
