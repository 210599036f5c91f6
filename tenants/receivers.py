"""What workspaces do when one of their rows changes."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver

from tenants import hosts
from tenants.models import Domain, Tenant


@receiver(pre_save, sender=Domain)
def forget_former_name(instance: Domain, **_: Any) -> None:
    """A row that gets another host name no longer answers under the old one."""
    if not instance._state.adding:
        former = Domain.objects.filter(pk=instance.pk).values_list("domain", flat=True)
        hosts.forget_once_committed(list(former))


@receiver([post_save, post_delete], sender=Domain)
def forget_domain(instance: Domain, **_: Any) -> None:
    hosts.forget_once_committed([instance.domain])


@receiver([post_save, post_delete], sender=Tenant)
def forget_tenant(instance: Tenant, created: bool = False, **_: Any) -> None:
    if created:
        return  # it has no address yet
    named = Domain.objects.filter(tenant_id=instance.pk).values_list("domain", flat=True)
    hosts.forget_once_committed(list(named))
