"""What workspaces do when something changes in or below them."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver

from identity.models import User
from identity.signals import users_merged
from tenants import audit, hosts, roles
from tenants.membership import record_seat
from tenants.models import AuditEntry, Domain, Membership, Role, Tenant


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


@receiver(users_merged)
def move_memberships(kept: User, merged: User, **_: Any) -> None:
    """What one human started under two sign-ups is theirs; the higher role is not lost."""
    rank = [Role.MEMBER.value, Role.ADMIN.value, Role.OWNER.value]
    for membership in Membership.objects.filter(user=merged).select_related("tenant"):
        own = Membership.objects.filter(tenant=membership.tenant, user=kept).first()
        if own is None:
            membership.user = kept
            membership.save(update_fields=["user"])
        elif rank.index(own.role) < rank.index(membership.role):
            roles.put(own, role=Role(membership.role), by=kept)
        if own is not None:
            membership.delete()
            record_seat(membership.tenant, user=kept, role=membership.role, change=-1)
        audit.note(membership.tenant, "member.merged", by=kept, target=kept.email)
    AuditEntry.objects.filter(by=merged).update(by=kept)
