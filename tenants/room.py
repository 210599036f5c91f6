"""Whether a person may have one more workspace. Which ones count, and how many may be, is answered
above (`billing.free_workspaces`): here it is only asked, in every place where one comes to somebody."""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import PermissionDenied

from identity.models import User
from tenants.models import Tenant
from tenants.signals import workspace_requested


class TooManyWorkspaces(PermissionDenied):
    """The person has as many as they may have; the message says so, and what to do.

    A page that does not catch it answers 403 with these words.
    """


def require(user: User, *, coming: Collection[Tenant] | None = None) -> None:
    """In the transaction in which a new workspace is made for this person, or in which `coming`, which
    exist, become theirs. Raises TooManyWorkspaces.

    Who restores a deleted workspace need not ask: it was counted while it was deleted.
    """
    workspace_requested.send(sender=Tenant, user=user, coming=coming)
