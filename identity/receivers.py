"""allauth's own table holds addresses in the form that all of ours have."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.db.models.signals import pre_save
from django.dispatch import receiver

from identity.addresses import NotAnAddress, normal


@receiver(pre_save, sender=EmailAddress)
def write_normally(instance: EmailAddress, **_: Any) -> None:
    try:
        instance.email = normal(instance.email)
    except NotAnAddress:
        return  # the database refuses it
