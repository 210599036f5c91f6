"""Whether a person may have one more workspace. Which ones count, and how many may be, is answered
above (`billing.selling`): here it is only asked, in every place where one comes to somebody."""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from identity.models import Beginning, User
from tenants.models import Role, Status, Tenant
from tenants.signals import workspace_requested


class TooManyWorkspaces(PermissionDenied):
    """The person has as many as they may have; the message says so, and what to do.

    A page that does not catch it answers 403 with these words.
    """


def require(user: User, *, coming: Collection[Tenant] | None = None) -> None:
    """In the transaction in which a new workspace is made for this person, or in which `coming`, which
    exist, become theirs. Raises TooManyWorkspaces.

    Who restores a deleted workspace need not ask, as it was counted while it was deleted; but for those
    that they had `thrown_away`.
    """
    workspace_requested.send(sender=Tenant, user=user, coming=coming)


def thrown_away(user: User) -> QuerySet[Tenant]:
    """Deleted workspaces that somebody had begun in this person's account before they proved, from
    another browser, that its address is theirs. They are none of theirs."""
    ended = Beginning.objects.filter(user=user).values_list("ended_at", flat=True).first()
    if ended is None:
        return Tenant.objects.none()
    return Tenant.objects.filter(
        status__in=[Status.DELETED, Status.PURGING],
        created_at__lt=ended,
        memberships__user=user,
        memberships__role=Role.OWNER,
    )
