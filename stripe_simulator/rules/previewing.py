"""Previews of invoices: the change is made for real, its draft shown, and all of it undone.

So a preview and the change it stands for cannot disagree, given the same `proration_date`.
"""

from typing import Any

from stripe_simulator.errors import NotSimulated, StripeError, invalid, missing
from stripe_simulator.objects.invoices import lines_of
from stripe_simulator.objects.subscriptions import ENDED, next_boundary
from stripe_simulator.presentation import present
from stripe_simulator.rules import one_off, renewing, schedules, updating
from stripe_simulator.rules.cancellation import cancel_now, end_of_period
from stripe_simulator.rules.discounting import redeem
from stripe_simulator.rules.resuming import resume
from stripe_simulator.rules.subscribing import start, wanted_items
from stripe_simulator.rules.totals import add_up
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

HONOURED = (
    "currency customer discounts invoice_items schedule schedule_details subscription "
    "subscription_details"
)
_DETAILS = {
    *("billing_cycle_anchor", "billing_mode", "cancel_at", "cancel_at_period_end", "cancel_now"),
    *("default_tax_rates", "items", "proration_behavior", "proration_date", "resume_at"),
    "trial_end",
}
_MOST_LINES = 250


@documented("api/invoices/create_preview")
def preview(state: State, params: dict[str, Any]) -> Json:
    """The invoice that would be next, or at once, if the parameters came true. Raises StripeError
    `invoice_upcoming_none` when there would be none."""
    details = params.get("subscription_details") or {}
    for name in details.keys() - _DETAILS:
        raise NotSimulated(f"`subscription_details[{name}]`", param=f"subscription_details[{name}]")
    with state.rehearsal():
        invoice = _rehearse(state, params, details)
        if "discounts" in params and not _of_one_that_is(params):
            _discount(state, invoice, params["discounts"] or None)
        return _shown(state, invoice)


def _of_one_that_is(params: dict[str, Any]) -> bool:
    """Whether it previews a subscription that is there, whose own discounts `discounts` replaces."""
    return bool(params.get("subscription") and not params.get("schedule_details"))


def _rehearse(state: State, params: dict[str, Any], details: dict[str, Any]) -> Json:
    if params.get("schedule"):
        schedule = state.require(
            "subscription_schedule", params["schedule"], param="schedule", status=400
        )
        return _of_schedule(state, schedule, params)
    if not params.get("subscription"):
        return _of_new(state, params, details)
    subscription = state.require(
        "subscription", params["subscription"], param="subscription", status=400
    )
    _add_items(state, params, subscription["customer"])
    if subscription["schedule"] and params.get("schedule_details"):
        schedule = state.require("subscription_schedule", subscription["schedule"])
        return _of_schedule(state, schedule, params)
    changes = dict(details)
    if "discounts" in params:
        changes["discounts"] = params["discounts"]
    return _of_existing(state, subscription, changes)


def _add_items(state: State, params: dict[str, Any], customer: str) -> None:
    """`invoice_items` as if they waited for the invoice."""
    for position, item in enumerate(params.get("invoice_items") or []):
        if "invoiceitem" in item:
            param = f"invoice_items[{position}][invoiceitem]"
            raise NotSimulated("A changed invoice item in a preview", param=param)
        one_off.add_item(state, {**item, "customer": customer})


def _of_existing(state: State, subscription: Json, changes: dict[str, Any]) -> Json:
    if subscription["status"] in ENDED:
        raise _none()
    if changes.pop("cancel_now", False):
        behavior = changes.get("proration_behavior", "create_prorations")
        prorate = behavior != "none"
        latest = subscription["latest_invoice"]
        cancel_now(state, subscription, invoice_now=True, prorate=prorate, pay_now=False)
        return _latest(state, subscription, but=latest)
    if changes.pop("resume_at", None):
        resume(state, subscription, {"billing_cycle_anchor": "now"}, pay_now=False)
        return _latest(state, subscription)
    outcome = updating.update(state, subscription, changes, pay_now=False)
    return outcome.invoice or _upcoming(state, subscription)


def _of_schedule(state: State, schedule: Json, params: dict[str, Any]) -> Json:
    details = params.get("schedule_details") or {}
    given = {
        key: details[key]
        for key in ("phases", "end_behavior", "proration_behavior")
        if key in details
    }
    outcome = schedules.update(state, schedule, given, pay_now=False)
    subscription = state.require("subscription", schedule["subscription"] or "")
    return outcome.invoice or _upcoming(state, subscription)


def _of_new(state: State, params: dict[str, Any], details: dict[str, Any]) -> Json:
    if not params.get("customer"):
        raise missing("customer")
    customer = state.require("customer", params["customer"], param="customer", status=400)
    if not details.get("items"):
        running = state.select("subscription", {"customer": customer["id"]})
        alive = [one for one in running if one["status"] not in ENDED]
        if not alive:
            raise _none()
        return _of_existing(state, alive[-1], {})
    _add_items(state, params, customer["id"])
    wanted = wanted_items(state, details["items"], name="subscription_details[items]")
    given = {**details, "currency": params["currency"]} if "currency" in params else details
    subscription, _ = start(
        state, customer, wanted, payment_method=None, params=given, pay_now=False
    )
    return _latest(state, subscription)


@assumed(
    "a renewal's preview ends like one: with the phase that begins, the trial's end, the usage so far"
)
def _upcoming(state: State, subscription: Json) -> Json:
    """The draft that the end of the period will make."""
    boundary = next_boundary(state, subscription)
    ends, latest = subscription["cancel_at"], subscription["latest_invoice"]
    if boundary is None or subscription["status"] in ("incomplete", "paused"):
        raise _none()
    if ends is not None and ends <= boundary:
        with state.at(ends):
            end_of_period(state, subscription, pay_now=False)
        return _latest(state, subscription, but=latest)
    phase = schedules.phase_end(state, subscription)
    if phase is not None and phase <= boundary:
        with state.at(phase):
            schedules.next_phase(state, subscription)
        subscription = state.require("subscription", subscription["id"])
        if subscription["status"] in ENDED or subscription["latest_invoice"] != latest:
            return _latest(state, subscription, but=latest)
    with state.at(boundary):
        renewing.renew(state, subscription)
    return _latest(state, subscription, but=latest)


def _latest(state: State, subscription: Json, *, but: str | None = None) -> Json:
    if subscription["latest_invoice"] in (None, but):
        raise _none()
    return state.require("invoice", subscription["latest_invoice"])


def _discount(state: State, invoice: Json, given: list[dict[str, Any]] | None) -> None:
    invoice["discounts"] = redeem(
        state,
        given,
        customer=invoice["customer"],
        currency=invoice["currency"],
        subtotal=invoice["subtotal"],
        invoice=invoice["id"],
    )
    add_up(state, invoice)


def _shown(state: State, invoice: Json) -> Json:
    """As a draft, whatever the rehearsal did with it, with all its lines."""
    shown = present(state, invoice)
    shown["lines"] = lines_of(state, invoice, limit=_MOST_LINES)
    shown.update(
        id=f"upcoming_{invoice['id']}",
        amount_paid=0,
        amount_remaining=shown["amount_due"],
        attempted=False,
        attempt_count=0,
        effective_at=None,
        ending_balance=None,
        hosted_invoice_url=None,
        invoice_pdf=None,
        number=None,
        status="draft",
        status_transitions=dict.fromkeys(shown["status_transitions"]),
        _presented=True,
    )
    return shown


def _none() -> StripeError:
    return invalid("No upcoming invoices for customer", "customer", code="invoice_upcoming_none")
