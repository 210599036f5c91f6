from typing import Any

from celery import shared_task
from django.core.mail import EmailMultiAlternatives

from identity import privacy
from identity.oidc import grants
from identity.signing_in import sign_ins


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=8)
def send_mail(
    *, subject: str, body: str, html: str, to: list[str], from_email: str, **_: Any
) -> None:
    """What older code has queued when the new one starts. Nothing new is; goes with the next release."""
    message = EmailMultiAlternatives(subject, body, from_email, to)
    if html:
        message.attach_alternative(html, "text/html")
    message.send()


@shared_task
def forget_ended_sign_ins() -> None:
    grants.forget_ended()


@shared_task
def tidy_sessions() -> None:
    sign_ins.tidy()


@shared_task
def finish_erasures() -> None:
    """Whoever was forgotten lately, or whose log could not be rewritten before."""
    privacy.finish_all()
