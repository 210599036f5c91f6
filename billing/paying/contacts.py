"""Billing contacts: addresses that get mails about invoices and payments, once they have said yes.

Whoever reads the address says so on a page behind the link of a mail, and says no there at any time. A
contact that is an address of a member goes with the member.
"""

from __future__ import annotations

from collections.abc import Sequence

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from billing.models import BillingContact
from billing.subscriptions import contact_links
from identity import addresses
from identity.models import User
from outbound import gating
from tenants import audit, letters, row_bounds
from tenants.models import Tenant

_BOUND = row_bounds.Bound(
    BillingContact.MOST,
    f"A workspace has at most {BillingContact.MOST} billing contacts. Remove one first.",
)


class NotAdded(ValueError):
    """Why, in words."""


def of(tenant: Tenant) -> Sequence[BillingContact]:
    """All of a workspace, confirmed or not."""
    rows = BillingContact.objects.for_tenant(tenant).order_by("created_at", "pk")
    return list(rows[: BillingContact.MOST])


@transaction.atomic
def add(tenant: Tenant, *, email: str, by: User) -> BillingContact:
    """Ask an address whether it wants these mails; one's own that is proved is asked nothing.

    Raises NotAdded, also where that is enough mail to strangers.
    """
    try:
        email = addresses.normal(email)
    except addresses.NotAnAddress as error:
        raise NotAdded(str(error)) from error
    row_bounds.one_by_one(tenant)
    rows = BillingContact.objects.for_tenant(tenant)
    known = rows.filter(email=email).first()
    if known is not None and known.confirmed_at is not None:
        raise NotAdded(f"{email} gets these mails already.")
    try:
        if known is None:
            row_bounds.require(tenant, _BOUND, rows)
        own = EmailAddress.objects.filter(user=by, email=email, verified=True).exists()
        if not own:
            gating.require_room_for_stranger(to=email, workspace=str(tenant.pk), sender=str(by.pk))
    except (row_bounds.TooManyRows, gating.TooManyToStrangers) as error:
        raise NotAdded(str(error)) from error
    contact = known or BillingContact.objects.create(tenant=tenant, email=email, added_by=by)
    if own:
        confirm(contact)
    else:
        values = {"who": letters.who(by), "confirm_url": contact_links.url(contact)}
        letters.send("billing.contact_asked", values, to=email, tenant=tenant, sender=by)
    audit.note(tenant, "billing_contact.added", by=by, target=email)
    return contact


@transaction.atomic
def remove(contact: BillingContact, *, by: User | None) -> None:
    """No more mails to this address; `by` None: it said so itself, or its member has gone."""
    contact.delete()
    audit.note(contact.tenant, "billing_contact.removed", by=by, target=contact.email)


def confirm(contact: BillingContact) -> None:
    """Whoever reads the address wants these mails; to say so again changes nothing."""
    rows = BillingContact.objects.filter(pk=contact.pk, confirmed_at=None)
    if rows.update(confirmed_at=timezone.now()):
        audit.note(contact.tenant, "billing_contact.confirmed", by=None, target=contact.email)


def went(tenant: Tenant, user: User) -> None:
    """A member has gone: so do the contacts that are an address of theirs."""
    own = {user.email, *EmailAddress.objects.filter(user=user).values_list("email", flat=True)}
    for contact in BillingContact.objects.for_tenant(tenant).filter(email__in=own):
        remove(contact, by=None)
