from typing import Any

from celery import shared_task

from identity import mail
from identity.oidc import grants


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=8)
def send_mail(**message: Any) -> None:
    mail.send_now(**message)


@shared_task
def forget_ended_sign_ins() -> None:
    grants.forget_ended()


@shared_task
def tidy_sessions() -> None:
    from identity.security import sign_ins

    sign_ins.tidy()
