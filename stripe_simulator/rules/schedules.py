"""Schedules: phases that follow each other, each with its items (Stripe, "Subscription schedules").

A phase ends at its `end_date`; the next one's items take over, or the schedule lets go of its
subscription or ends it.
"""

from typing import Any

from stripe_simulator.errors import StripeError, missing
from stripe_simulator.events import emit
from stripe_simulator.objects.prices import is_metered
from stripe_simulator.objects.schedules import enter, new_phase, new_schedule
from stripe_simulator.objects.subscription_items import items_of, price_of
from stripe_simulator.objects.subscriptions import period_end
from stripe_simulator.presentation import present
from stripe_simulator.rules import changes, updating
from stripe_simulator.rules.cancellation import end_of_period
from stripe_simulator.rules.phases import read_phases
from stripe_simulator.rules.subscribing import Wanted, start
from stripe_simulator.rules.trials import has_card
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State


@documented("billing/subscriptions/subscription-schedules/use-cases#existing-subscription")
def from_subscription(state: State, id: str) -> Json:
    """A schedule whose one phase is the running period of a subscription."""
    subscription = state.require("subscription", id, param="from_subscription", status=400)
    if subscription["schedule"]:
        raise StripeError(
            "You cannot migrate a subscription that is already attached to a schedule: "
            f"`{subscription['schedule']}`."
        )
    if subscription["status"] not in ("active", "trialing", "past_due"):
        raise StripeError(f"A subscription that is {subscription['status']} takes no schedule.")
    items = items_of(state, id)
    phase = new_phase(
        start=min(item["current_period_start"] for item in items),
        end=period_end(state, subscription),
        items=[_phase_item(state, item) for item in items],
        currency=subscription["currency"],
        params={
            "discounts": [{"discount": one} for one in subscription["discounts"]],
            "metadata": subscription["metadata"],
            "trial_end": subscription["trial_end"],
        },
    )
    customer = state.require("customer", subscription["customer"])
    schedule = new_schedule(state, customer, phases=[phase], subscription=subscription, params={})
    _tie(state, schedule, subscription)
    return schedule


def _phase_item(state: State, item: Json) -> Json:
    metered = is_metered(price_of(state, item))
    return item | {"quantity": None if metered else item["quantity"]}


def _tie(state: State, schedule: Json, subscription: Json) -> None:
    before = present(state, subscription)
    subscription["schedule"] = schedule["id"]
    state.save(subscription)
    emit(state, "subscription_schedule.created", schedule)
    emit(state, "customer.subscription.updated", subscription, before=before)


def create(state: State, params: dict[str, Any]) -> Json:
    """A schedule of its own: begun now, or at `start_date`. Raises StripeError."""
    if "customer" not in params:
        raise missing("customer")
    customer = state.require("customer", params["customer"], param="customer", status=400)
    begins = params.get("start_date", "now")
    begins = state.now() if begins == "now" else begins
    phases = read_phases(state, params.get("phases") or [], start=begins, customer=customer)
    schedule = new_schedule(state, customer, phases=phases, subscription=None, params=params)
    emit(state, "subscription_schedule.created", schedule)
    if begins <= state.now():
        begin(state, schedule)
    return schedule


def begin(state: State, schedule: Json) -> None:
    """Start the subscription of the first phase."""
    customer = state.require("customer", schedule["customer"])
    phase = schedule["phases"][0]
    subscription, _ = start(
        state,
        customer,
        [_wanted(state, item) for item in phase["items"]],
        payment_method=schedule["default_settings"]["default_payment_method"],
        params={
            "billing_mode": schedule["billing_mode"],
            "currency": phase["currency"],
            "discounts": _discounts(phase),
            "metadata": phase["metadata"],
        },
    )
    subscription["schedule"] = schedule["id"]
    state.save(subscription)
    schedule.update(status="active", subscription=subscription["id"])
    enter(schedule, phase)
    state.save(schedule)
    emit(state, "customer.subscription.created", subscription)
    emit(state, "subscription_schedule.updated", schedule)


def _wanted(state: State, item: Json) -> Wanted:
    return Wanted(state.require("price", item["price"]), item["quantity"] or 0, item["metadata"])


def _discounts(phase: Json) -> list[Json]:
    named = [{key: id for key, id in one.items() if id} for one in phase["discounts"]]
    return [one for one in named if one]


def update(
    state: State, schedule: Json, params: dict[str, Any], *, pay_now: bool = True
) -> changes.Outcome:
    """Replace phases, metadata already merged (saved). The running phase may change at once.

    The first phase given must be the one that is on, or begin the schedule anew.
    """
    _require_live(schedule)
    before, outcome = present(state, schedule), changes.Outcome()
    if "end_behavior" in params:
        schedule["end_behavior"] = params["end_behavior"]
    if "phases" in params:
        customer = state.require("customer", schedule["customer"])
        first = schedule["current_phase"] or schedule["phases"][0]
        begins = first["start_date"]
        given = [one for one in params["phases"] if not _is_over(one, begins)]
        phases = read_phases(state, given, start=begins, customer=customer)
        schedule["phases"] = phases
        if schedule["status"] == "active":
            on = next(one for one in phases if one["end_date"] > state.now())
            enter(schedule, on)
            subscription = state.require("subscription", schedule["subscription"])
            behavior = params.get("proration_behavior", "create_prorations")
            outcome = _apply(state, subscription, on, behavior=behavior, pay_now=pay_now)
    state.save(schedule)
    if present(state, schedule) != before:
        emit(state, "subscription_schedule.updated", schedule, before=before)
    return outcome


def _is_over(given: dict[str, Any], begins: int) -> bool:
    """Whether a phase ended before the one that is on begins: it may be named, or left out."""
    end = given.get("end_date")
    return isinstance(end, int) and end <= begins


@documented(
    "api/subscription_schedules/object#subscription_schedule_object-phases-metadata: it is added to "
    "the subscription's when the phase begins"
)
def _apply(
    state: State, subscription: Json, phase: Json, *, behavior: str, pay_now: bool = True
) -> changes.Outcome:
    """Make the subscription hold what the phase says, and nothing else."""
    held = {item["price"]: item for item in items_of(state, subscription["id"])}
    wanted = {item["price"]: item for item in phase["items"]}
    given: list[dict[str, Any]] = []
    free = [item for price, item in held.items() if price not in wanted]
    for price, item in wanted.items():
        change: dict[str, Any] = {}
        if item["quantity"] is not None:
            change["quantity"] = item["quantity"]
        if price in held:
            if held[price]["quantity"] != (item["quantity"] or 0):
                given.append({"id": held[price]["id"], **change})
        elif free:
            given.append({"id": free.pop(0)["id"], "price": price, **change})
        else:
            given.append({"price": price, **change})
    given += [{"id": item["id"], "deleted": True} for item in free]
    params: dict[str, Any] = {"proration_behavior": behavior}
    if phase["metadata"]:
        params["metadata"] = phase["metadata"]
    if given:
        params["items"] = given
    trial_end = phase["trial_end"]
    if trial_end and trial_end > state.now() and trial_end != subscription["trial_end"]:
        params["trial_end"] = trial_end
    discounts = _discounts(phase)
    if [one.get("discount") for one in discounts] != subscription["discounts"]:
        params["discounts"] = discounts
    return updating.update(state, subscription, params, pay_now=pay_now)


def phase_end(state: State, subscription: Json) -> int | None:
    """When the phase ends that the subscription is in; None without a schedule."""
    schedule = state.get("subscription_schedule", subscription["schedule"] or "")
    if schedule is None or not schedule["current_phase"]:
        return None
    end: int = schedule["current_phase"]["end_date"]
    return end


@documented("api/subscription_schedules/object#subscription_schedule_object-end_behavior")
def next_phase(state: State, subscription: Json) -> None:
    """The phase is over: the next one's items take over, or the schedule ends as it says."""
    schedule = state.require("subscription_schedule", subscription["schedule"])
    following = [one for one in schedule["phases"] if one["end_date"] > state.now()]
    if not following:
        _finish(state, schedule, subscription)
        return
    before, phase = present(state, schedule), following[0]
    enter(schedule, phase)
    state.save(schedule)
    _at_boundary(state, subscription, phase)
    emit(state, "subscription_schedule.updated", schedule, before=before)


@assumed("a phase that begins with a period prorates nothing; another interval is invoiced at once")
def _at_boundary(state: State, subscription: Json, phase: Json) -> None:
    """Change over; without a card the invoice fails as a renewal's would, and is tried again."""
    ends = [item["current_period_end"] for item in items_of(state, subscription["id"])]
    at_end = min(ends) <= state.now()
    behavior = "none" if at_end else phase["proration_behavior"]
    can_pay = has_card(state, subscription)
    outcome = _apply(state, subscription, phase, behavior=behavior, pay_now=can_pay)
    if outcome.invoice and not can_pay:
        state.save(outcome.invoice | {"automatically_finalizes_at": state.now()})


def _finish(state: State, schedule: Json, subscription: Json) -> None:
    if schedule["end_behavior"] == "cancel":
        schedule.update(status="completed", completed_at=state.now())
        enter(schedule, None)
        state.save(schedule)
        emit(state, "subscription_schedule.completed", schedule)
        end_of_period(state, subscription)
    else:
        release(state, schedule)


def release(state: State, schedule: Json) -> Json:
    """Let go of the subscription, which goes on as it is."""
    _require_live(schedule)
    if schedule["subscription"]:
        subscription = state.require("subscription", schedule["subscription"])
        before = present(state, subscription)
        subscription["schedule"] = None
        state.save(subscription)
        emit(state, "customer.subscription.updated", subscription, before=before)
    schedule.update(
        status="released",
        released_at=state.now(),
        released_subscription=schedule["subscription"],
        subscription=None,
    )
    enter(schedule, None)
    state.save(schedule)
    emit(state, "subscription_schedule.released", schedule)
    return schedule


def cancel_unbegun(state: State, schedule: Json) -> Json:
    """Call off a schedule whose subscription has not begun."""
    _require_live(schedule)
    schedule.update(status="canceled", canceled_at=state.now())
    state.save(schedule)
    emit(state, "subscription_schedule.canceled", schedule)
    return schedule


def _require_live(schedule: Json) -> None:
    if schedule["status"] not in ("active", "not_started"):
        raise StripeError(
            f"You cannot change a subscription schedule that is {schedule['status']}."
        )
