"""The mail of an alert, and what stands of it under the bell."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from identity.models import User
from identity.persons import person_of
from metering.definitions.limit import Limit
from metering.definitions.meter import Meter
from metering.periods import Period
from metering.wording.words import in_sentence, quantity, things
from outbound import consents, delivery, notifications
from outbound.delivery import About
from outbound.letters import Draft, in_brief
from tenants import workspace_url
from tenants.models import Membership, Role, Tenant


def send(
    tenant: Tenant, meter: Meter, threshold: str, *, at: int, used: int, limit: Limit,
    period: Period, to: Collection[UUID] = (),
) -> int:  # fmt: skip
    """Tell the owners and admins of `to` (none of them there any more, or none named: all) that
    `threshold` (in words; `at` in the meter's unit) is reached.

    It leaves when the transaction commits. Returns how many people get it.
    """
    lines = _lines(meter, used=used, limit=limit, period=period)
    if limit.value is None or used < limit.value:
        lines.append(f"You are told at {_threshold(meter, threshold, at=at)}.")
    is_full = limit.value is not None and used >= limit.value
    words = _used(meter, used=used, limit=limit)
    return _deliver(tenant, meter, used=words, details=lines, is_full=is_full, to=to)


def send_burst(tenant: Tenant, meter: Meter, *, used: int) -> int:
    """Tell all owners and admins that so much came within an hour. Returns how many get it."""
    lines = [
        f"Within an hour there were {quantity(meter, used)}. {meter.description}",
        "You need not do anything. The page below says where they came.",
    ]
    words = f"{quantity(meter, used)} {in_sentence(meter.label)} within an hour"
    return _deliver(tenant, meter, used=words, details=lines)


def _deliver(
    tenant: Tenant, meter: Meter, *, used: str, details: Sequence[str], to: Collection[UUID] = (),
    is_full: bool | None = None,
) -> int:  # fmt: skip
    """`is_full`: whether the limit is reached; None: it is a burst."""
    managers = managers_of(tenant)
    people = [user for user in managers if user.pk in to] or managers
    values: dict[str, str | list[str]] = {
        "workspace": tenant.name,
        "used": used,
        "details": list(details),
        "usage_url": workspace_url(tenant, f"/usage/{meter.key}/"),
        "alerts_url": workspace_url(tenant, "/usage/limits/"),
    }
    if is_full is not None:
        values |= {
            "is_full": "yes" if is_full else "",
            "upgrade_url": workspace_url(tenant, "/billing/"),
        }
    draft = Draft("metering.burst" if is_full is None else "metering.quota_alert", values)
    for user in people:  # one mail each: nobody sees who else is told
        about = About(person=person_of(user).pk, tenant=tenant.pk)
        delivery.send(draft, to=user.email, about=about)
    title, text = in_brief(draft)
    notifications.send(
        people,
        title=title,
        text=text,
        path=f"/usage/{meter.key}/",
        topic="usage_alerts",
        tenant=tenant,
    )
    return len(consents.who_want("usage_alerts", people, by=("mail", "in_app")))


def managers_of(tenant: Tenant) -> list[User]:
    """The owners and admins, in the order in which they joined."""
    rows = Membership.objects.for_tenant(tenant).filter(role__in=[Role.OWNER, Role.ADMIN])
    return [row.user for row in rows.select_related("user").order_by("joined_at", "pk")]


def _used(meter: Meter, *, used: int, limit: Limit) -> str:
    """What is used now: a threshold may have been passed by more than one."""
    if limit.value is None:
        return f"{things(meter, used)} used"
    if used == limit.value:
        return f"all {things(meter, limit.value)} are used"
    if used > limit.value:
        return (
            f"{things(meter, used)} used, more than the {quantity(meter, limit.value)} of the limit"
        )
    return f"{quantity(meter, used)} of {things(meter, limit.value)} used"


def _threshold(meter: Meter, threshold: str, *, at: int) -> str:
    return f"{threshold}, which is {quantity(meter, at)}" if "%" in threshold else threshold


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
            lines.append("Everything keeps working and is counted.")
        else:
            lines.append("Everything keeps working; what is above is on your next invoice.")
    if period.end:
        lines.append(f"The count starts again on {period.end:%-d %B}.")
    return lines
