"""What owners are told by mail of their plan, whoever changed it and wherever."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from billing import catalogue
from billing.models import Account, Subscription
from billing.selling import pricing
from identity.models import User
from metering.wording import money_in_words
from tenants import letters, workspace_url

TOLD_BEFORE = timedelta(days=3)  # as Stripe's `customer.subscription.trial_will_end`
Event = Mapping[str, str | int | None]


def plan_changed(account: Account, *, before: str, by: User | None, event: Event) -> None:
    """The workspace is on another plan now."""
    then = "Nothing was deleted. What is above the limits of the new plan stays readable."
    if account.status == "trialing" and account.current_period_end:
        then = f"It costs nothing until {account.current_period_end:%-d %B %Y}, and needs no card."
    elif account.has_subscription:
        then = "What that costs, and the invoice, is on the billing page."
    plans = {"plan": _name(account.plan_key), "plan_before": _name(before)}
    _tell(account, "billing.plan_changed", event, {**plans, "then": then, "doer": _doer(by)})


def canceled(
    account: Account, *, plan: str, ends_at: datetime, by: User | None, event: Event
) -> None:
    """The subscription will end, and can be kept until then."""
    _tell(
        account,
        "billing.canceled",
        event,
        {
            "plan": _name(plan),
            "first_plan": catalogue.plans()[0].name,
            "day": f"{ends_at:%-d %B %Y}",
            "doer": _doer(by),
        },
    )


def resumed(account: Account, *, plan: str, by: User | None, event: Event) -> None:
    """The cancellation was taken back; `plan` is what is subscribed to, also while it is lost unpaid."""
    _tell(account, "billing.resumed", event, {"plan": _name(plan), "doer": _doer(by)})


def offer_taken(account: Account, *, offer: str, by: User) -> None:
    """Who was about to cancel took what is offered instead; once a workspace."""
    values = {"plan": _name(account.plan_key), "then": f"{offer}.", "doer": _doer(by)}
    _tell(account, "billing.offer_taken", {}, values, once=f"offer-taken:{account.tenant_id}")


def trial_ends_soon(account: Account, row: Subscription, *, now: datetime | None = None) -> None:
    """The trial ends within three days; once for an end, whoever finds it first. Else nothing."""
    if row.status != "trialing" or row.trial_end is None or row.cancel_at is not None:
        return
    if row.trial_end - (now or timezone.now()) > TOLD_BEFORE:
        return
    first = catalogue.plans()[0].name
    goes_on = (
        f"Then {_name(row.plan_key)} goes on, paid with {row.payment_method}."
        if row.payment_method
        else f"No way of paying is kept, so the workspace is on {first} then. Nothing is deleted."
    )
    values = {"plan": _name(row.plan_key), "day": f"{row.trial_end:%-d %B %Y}", "then": goes_on}
    once = f"trial-ends:{row.stripe_id}:{row.trial_end:%Y-%m-%d}"
    event: Event = {"plan": row.plan_key}
    _tell(account, "billing.trial_ends", event, values, bell=False, once=once)


def moved(account: Account, row: Subscription) -> None:
    """The subscription has the prices of today, which nobody here chose; once for a price and terms."""
    cost = "as the price list says"
    if row.amount is not None:
        cost = money_in_words(row.amount, row.currency)
    plan = catalogue.plan(row.plan_key)
    each = " a seat" if plan.per_seat else ""
    amount = f"{cost}{each} a {row.interval} from {row.period_end:%-d %B %Y} on"
    usage = " ".join(pricing.usage_prices(plan, row.currency, seats=row.quantity))
    values = {"plan": plan.name, "amount": amount, "then": usage or "Usage costs nothing extra."}
    once = f"moved:{row.stripe_id}:{row.price_id}:{row.terms.digest}"
    _tell(account, "billing.moved", {}, values, bell=False, once=once)


def subscription_changed(
    account: Account, row: Subscription, *, what: str, by: User | None
) -> None:
    """Seats or interval are others now; once for what it has become."""
    values = {"plan": _name(row.plan_key), "what": what, "doer": _doer(by)}
    _tell(account, "billing.subscription_changed", {}, values)


def change_scheduled(account: Account, row: Subscription, *, what: str, by: User | None) -> None:
    """The subscription becomes another when its period ends, and can be kept until then."""
    values = {"plan": _name(row.plan_key), "what": what, "doer": _doer(by),
              "day": f"{row.scheduled_at:%-d %B %Y}"}  # fmt: skip
    _tell(account, "billing.change_scheduled", {}, values)


def change_revoked(account: Account, was: Subscription, *, what: str, by: User | None) -> None:
    """What was scheduled does not happen."""
    values = {"plan": _name(was.plan_key), "what": what, "doer": _doer(by),
              "day": f"{was.scheduled_at:%-d %B %Y}"}  # fmt: skip
    _tell(account, "billing.change_revoked", {}, values)


def refunded(account: Account, *, amount: str, invoice: str, once: str) -> None:
    """A payment, or a part of it, was given back; `invoice`: the number of what it had paid, or ""."""
    values = {"amount": amount, "invoice": invoice}
    _tell(account, "billing.refunded", {}, values, bell=False, once=once)


def payment_is_due(account: Account) -> None:
    """Stripe could not take the money, and tries again: owners find it under the bell, once for a
    period that is not paid."""
    period = account.current_period_end
    letters.ring(
        letters.owners_of(account.tenant),
        title=f"A payment for {account.tenant} has failed",
        text="Our payment provider tries again in the next days, and nothing stops working meanwhile. "
        "Please look whether the card is still the right one.",
        path="/billing/",
        tenant=account.tenant,
        once=f"payment failed:{account.subscription_id}:{period:%Y-%m-%d}" if period else "",
    )


def _tell(
    account: Account,
    name: str,
    event: Event,
    values: Mapping[str, str],
    *,
    bell: bool = True,
    once: str = "",
) -> None:
    """`event`: the properties of the event that it is sent on, which editors may use, too."""
    said = {f"event.{key}": str(value) for key, value in event.items() if value is not None}
    owners, path = letters.owners_of(account.tenant), "/billing/"
    values = {"billing_url": workspace_url(account.tenant, path), **values, **said}
    if bell:
        letters.ring_as(owners, name, values, path=path, tenant=account.tenant)
    for owner in owners:
        letters.send(
            name,
            values,
            to=owner.email,
            user=owner,
            tenant=account.tenant,
            once=f"{once}:{owner.pk}" if once else "",
        )


def _name(plan_key: str) -> str:
    try:
        return catalogue.plan(plan_key).name
    except KeyError:
        return plan_key


def _doer(by: User | None) -> str:
    return f"{by} ({by.email}) did this." if by else "Our payment provider told us so."
