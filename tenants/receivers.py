"""What workspaces do when something changes in or below them."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import receiver

from identity.models import User
from identity.signals import users_merged
from tenants import audit, hosts, key_holders, roles, room, ways_in
from tenants.key_models import Ended
from tenants.membership import record_seat
from tenants.models import AuditEntry, Domain, KeptOut, Membership, Role, Status, Tenant


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


@receiver(users_merged)
def move_memberships(kept: User, merged: User, **_: Any) -> None:
    """What one human started under two sign-ups is theirs; the higher role is not lost.

    Raises room.TooManyWorkspaces: then nothing is joined.
    """
    owned = Membership.objects.filter(user=merged, role=Role.OWNER).select_related("tenant")
    if coming := [membership.tenant for membership in owned]:
        room.require(kept, coming=coming)
    key_holders.end_all_of(merged, by=kept, because=Ended.MERGED)
    KeptOut.objects.filter(user=merged).update(user=kept)
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
