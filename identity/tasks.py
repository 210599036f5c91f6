from celery import shared_task

from identity.mail import send_mail  # noqa: F401 (Celery looks here only)
from identity.oidc import grants
from identity.security import sign_ins


@shared_task
def forget_ended_sign_ins() -> None:
    grants.forget_ended()


@shared_task
def tidy_sessions() -> None:
    sign_ins.tidy()
