"""May this workspace do that? Answered from what a process remembers, at most a second old.

    answer = entitlements.allows(tenant, "own_domains")
    if not answer.allowed: ... answer.words ... answer.cheapest

A second is the bound in every process, with Redis and without: nobody has to be told. The process that
changes something sees it at once. While the database is away, what was known ten minutes ago will do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import DatabaseError, transaction

from billing import catalogue
from billing.catalogue import NotPriced, Plan
from billing.entitlements import holding
from billing.entitlements.holding import Holding, Owes
from events.postgres import is_away
from metering import Limit, quotas
from metering.definitions import meter_named
from tenants.hosts import WITHOUT_DATABASE, ShortMemory
from tenants.models import Tenant

# A little less than the second that is promised: what is read is some milliseconds old when it is kept.
_remembered: ShortMemory[UUID, Holding] = ShortMemory(
    seconds=0.9, most=5_000, stale=WITHOUT_DATABASE
)


@dataclass(frozen=True)
class Answer:
    """`reason`: "plan", "add_on" or "grant" is what allows it; "not_in_plan", "not_paid" why not.

    `cheapest` is the plan for sale that would allow it at the lowest price; None: it is allowed, or no
    plan does. `words` say all that to a person.
    """

    allowed: bool
    reason: str
    plan: str
    cheapest: Plan | None
    words: str


@dataclass(frozen=True)
class LimitAnswer:
    """A limit by the plan (its value None: none), and the cheapest plan for sale with a higher one."""

    limit: Limit
    reason: str
    plan: str
    cheapest: Plan | None


def allows(tenant: Tenant, feature: str) -> Answer:
    """Whether the workspace may use a feature of the catalogue. Raises KeyError with the known ones."""
    label = _label(feature)
    held = _of(tenant)
    why = held.why(feature)
    if why is not None:
        return Answer(True, why, held.plan_key, None, "")
    cheapest = _cheapest(held, lambda plan: feature in plan.allows)
    name = held.plan.name if held.plan else held.plan_key
    words = f"{name} does not include {label}."
    if cheapest is not None:
        words += f" {cheapest.name} does."
    reason = "not_paid" if held.status in ("unpaid", "paused") else "not_in_plan"
    return Answer(False, reason, held.plan_key, cheapest, words)


def limit(tenant: Tenant, meter: str) -> LimitAnswer:
    """How much of a meter the plan allows. Raises KeyError for an unknown meter.

    A limit that the workspace has set for itself is metering's (`quotas.limits_of`).
    """
    key = meter_named(meter).key
    held = _of(tenant)
    if held.plan is None:
        return LimitAnswer(quotas.limits_of(tenant)[key], "plan", held.plan_key, None)
    now = held.limits().get(key, Limit(None))
    bought = any(key in add_on.adds for add_on, _ in held.bought())
    cheapest = None if now.value is None else _cheapest(held, partial(_has_more, key, now.value))
    return LimitAnswer(now, "add_on" if bought else held.source, held.plan_key, cheapest)


def owes(tenant: Tenant) -> Owes | None:
    """The payment that failed, for the banner of every page; None: there is none, or nobody can say."""
    try:
        return _of(tenant).owes
    except DatabaseError as error:
        if not is_away(error):
            raise
        return None


def forget_once_committed(tenant: Tenant) -> None:
    """Let this process see at once what the current transaction changes."""
    pk = tenant.pk
    _remembered.forget(pk)
    transaction.on_commit(lambda: _remembered.forget(pk))


def forget_all() -> None:
    """Forget what this process remembers. For tests, whose transactions end otherwise."""
    _remembered.clear()


def _of(tenant: Tenant) -> Holding:
    found = _remembered.get(tenant.pk)
    if found is not None:
        return found
    try:
        found = holding.of_tenant(tenant)
    except DatabaseError as error:
        known = _remembered.of_late(tenant.pk)
        if known is None or not is_away(error):
            raise
        return known
    _remembered.keep(tenant.pk, found)
    return found


def _cheapest(held: Holding, would_do: Callable[[Plan], bool]) -> Plan | None:
    priced = [
        (_by_month(plan, held), number, plan)
        for number, plan in enumerate(catalogue.plans())
        if plan.for_sale and plan.key != held.plan_key and would_do(plan)
    ]
    return min((each for each in priced if each[0] is not None), default=(0, 0, None))[2]


def _by_month(plan: Plan, held: Holding) -> float | None:
    """What a plan costs a month at its lowest, as this workspace would pay it."""
    if plan.is_free:
        return 0.0
    currency = held.currency if held.currency in plan.currencies else plan.currency
    seats = max(held.seats, plan.least_seats)
    return min(_costs(plan, currency, seats), default=None)


def _costs(plan: Plan, currency: str, seats: int) -> Iterable[float]:
    for interval, months in (("month", 1), ("year", 12)):
        try:
            yield plan.cost(interval, currency, seats=seats) / months  # type: ignore[arg-type] # both are
        except NotPriced:
            continue


def _has_more(key: str, value: int, plan: Plan) -> bool:
    found = plan.limits_for(seats=plan.least_seats).get(key, Limit(None))
    return found.value is None or found.value > value


def _label(feature: str) -> str:
    known = {each.key: each.label for each in catalogue.features()}
    try:
        return known[feature]
    except KeyError:
        has = ", ".join(known) or "none"
        raise KeyError(f'No feature "{feature}"; the catalogue has {has}.') from None
