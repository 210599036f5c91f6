"""What workspaces do when one of their rows changes."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import receiver

from identity.models import User
from tenants import hosts as host_names
from tenants.members import ways_in
from tenants.models import Domain, Membership, Status, Tenant
from tenants.signals import hosts_changed


@receiver(hosts_changed)
def forget_hosts(hosts: set[str], **_: Any) -> None:
    host_names.forget_once_committed(hosts)


@receiver(pre_save, sender=Domain)
def forget_former_name(instance: Domain, **_: Any) -> None:
    """A row that gets another host name no longer answers under the old one."""
    if not instance._state.adding:
        former = Domain.objects.filter(pk=instance.pk).values_list("domain", flat=True)
        host_names.forget_once_committed(list(former))


@receiver([post_save, post_delete], sender=Domain)
def forget_domain(instance: Domain, **_: Any) -> None:
    host_names.forget_once_committed([instance.domain])


@receiver([post_save, post_delete], sender=Tenant)
def forget_tenant(instance: Tenant, created: bool = False, **_: Any) -> None:
    if created:
        return  # it has no address yet
    named = Domain.objects.filter(tenant_id=instance.pk).values_list("domain", flat=True)
    host_names.forget_once_committed(list(named))


@receiver(post_save, sender=Membership)
def settle_ways_in(instance: Membership, created: bool = False, **_: Any) -> None:
    """Whoever is in has used up what was open for them, whichever way they came; what they had
    given by a right that their role does not have ends, whoever took it."""
    ways_in.used_up(instance)
    if not created:
        ways_in.follow_right(instance, by=None)


@receiver(pre_delete, sender=Membership)
def shut_ways_in(instance: Membership, origin: Any = None, **_: Any) -> None:
    """However a seat ends, also with the account: nothing of it goes on. (With the workspace itself
    all of it goes.)"""
    if not _goes_as_a_whole(origin) and instance.tenant.status != Status.PURGING:
        ways_in.shut(instance, by=None)


@receiver(pre_delete, sender=User)
def keep_out_with_the_account(instance: User, **_: Any) -> None:
    """Who comes back with a new account and the old address needs an invitation, as who left does."""
    for membership in Membership.objects.filter(user=instance).select_related("tenant"):
        ways_in.keep_out(membership.tenant, instance)


def _goes_as_a_whole(origin: Any) -> bool:
    return isinstance(origin, Tenant) or getattr(origin, "model", None) is Tenant
