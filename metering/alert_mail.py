"""The mail of an alert."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from identity import mail, mail_choices
from identity.models import User
from metering.catalogue import Limit, Meter
from metering.periods import Period
from metering.words import in_sentence, quantity, things
from tenants import workspace_url
from tenants.models import Membership, Role, Tenant


def send(
    tenant: Tenant, meter: Meter, threshold: str, *, used: int, limit: Limit, period: Period,
    to: Collection[UUID] = (),
) -> int:  # fmt: skip
    """Mail the owners and admins of `to` (none of them there any more, or none named: all).

    It leaves when the transaction commits. Returns how many people get it.
    """
    managers = managers_of(tenant)
    people = [user for user in managers if user.pk in to] or managers
    people = mail_choices.who_want("usage_alerts", people)
    context = {
        "tenant": tenant,
        "subject": _subject(meter, threshold, used=used, limit=limit),
        "lines": _lines(meter, used=used, limit=limit, period=period),
        "is_full": limit.value is not None and used >= limit.value,
        "usage_url": workspace_url(tenant, f"/usage/{meter.key}/"),
        "alerts_url": workspace_url(tenant, "/usage/limits/"),
        "upgrade_url": workspace_url(tenant, "/billing/"),
        "site_url": settings.SITE_URL,
    }
    for user in people:  # one mail each: nobody sees who else is told
        message = EmailMultiAlternatives(
            f"{tenant.name}: {context['subject']}",
            render_to_string("metering/email/alert.txt", context),
            to=[user.email],
        )
        message.attach_alternative(
            render_to_string("metering/email/alert.html", context), "text/html"
        )
        mail.deliver(message)
    return len(people)


def managers_of(tenant: Tenant) -> list[User]:
    """The owners and admins, in the order in which they joined."""
    rows = Membership.objects.for_tenant(tenant).filter(role__in=[Role.OWNER, Role.ADMIN])
    return [row.user for row in rows.select_related("user").order_by("joined_at", "pk")]


def _subject(meter: Meter, threshold: str, *, used: int, limit: Limit) -> str:
    if limit.value is not None and used >= limit.value:
        return f"all {things(meter, limit.value)} are used"
    if threshold.endswith("%"):
        return f"{threshold[:-1]} % of {in_sentence(meter.label)} used"
    return f"{things(meter, used)} used"


def _lines(meter: Meter, *, used: int, limit: Limit, period: Period) -> list[str]:
    whose = "the limit that you have set" if limit.own else "what your plan includes"
    if limit.value is None:
        lines = [f"Your workspace has used {things(meter, used)}."]
    else:
        lines = [
            f"Your workspace has used {things(meter, used)}; {whose} is "
            f"{quantity(meter, limit.value)}."
        ]
        if used < limit.value:
            lines.append(f"That leaves {quantity(meter, limit.value - used)}.")
        elif limit.hard:
            lines.append("Nothing is deleted, but you cannot add to it until there is room again.")
        elif limit.price is None:
            lines.append("Everything keeps working.")
        else:
            lines.append("Everything keeps working; what is above is on your next invoice.")
    if period.end:
        lines.append(f"The count starts again on {period.end:%-d %B}.")
    return lines
