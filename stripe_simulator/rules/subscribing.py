"""Starting a subscription: its items, its first invoice, the first payment."""

from dataclasses import dataclass, field
from typing import Any

from stripe_simulator.cards import Decline
from stripe_simulator.errors import StripeError, invalid
from stripe_simulator.objects.prices import is_metered, item_amount, sold_in
from stripe_simulator.objects.subscription_items import items_of, new_item, price_of
from stripe_simulator.objects.subscriptions import new_subscription
from stripe_simulator.rules import discounting, invoicing, trials
from stripe_simulator.rules.cancellation import schedule_end
from stripe_simulator.rules.collecting import collect
from stripe_simulator.rules.lines import cycle_lines, partial_lines, trial_lines
from stripe_simulator.rules.pending import claim, take_loose
from stripe_simulator.rules.periods import boundary_after, boundary_before
from stripe_simulator.shapes import Json
from stripe_simulator.sources import recorded
from stripe_simulator.store import State

MAX_ITEMS = 20


@dataclass(frozen=True)
class Wanted:
    """One thing to subscribe to."""

    price: Json
    quantity: int = 1
    metadata: Json | None = None
    tax_rates: list[str] = field(default_factory=list)


def wanted_items(state: State, given: list[dict[str, Any]], *, name: str) -> list[Wanted]:
    """Read `items` or `line_items`. Raises StripeError for what cannot be subscribed to."""
    if not given or len(given) > MAX_ITEMS:
        raise invalid(f"You must pass 1 to {MAX_ITEMS} items.", name)
    return [_wanted(state, item, f"{name}[{position}]") for position, item in enumerate(given)]


def _wanted(state: State, item: dict[str, Any], name: str) -> Wanted:
    param = f"{name}[price]"
    price = state.require("price", item.get("price", ""), param=param, status=400)
    if not price["active"]:
        raise invalid(
            "The price specified is inactive. This field only accepts active prices.", param
        )
    if price["type"] != "recurring":
        raise invalid(
            "The price specified is set to `type=one_time` but this field only accepts prices "
            "with `type=recurring`.",
            param,
        )
    if is_metered(price) and "quantity" in item:
        raise invalid("A metered price takes no quantity.", f"{name}[quantity]")
    if item.get("quantity", 1) < 0:
        raise invalid("This value must be greater than or equal to 0.", f"{name}[quantity]")
    rates = item.get("tax_rates") or []
    for rate in rates:
        state.require("tax_rate", rate, param=f"{name}[tax_rates]", status=400)
    quantity = 0 if is_metered(price) else item.get("quantity", 1)
    return Wanted(price, quantity, item.get("metadata"), rates)


def currency_of(customer: Json | None, wanted: list[Wanted], asked: str | None = None) -> str:
    """The one currency of a subscription. Raises StripeError when its prices have none in common.

    What is asked for wins, then the customer's own where all prices have it, then the first price's.
    """
    currencies = [asked] if asked else [(customer or {}).get("currency")]
    currencies += [] if asked else [wanted[0].price["currency"]]
    for currency in filter(None, currencies):
        if all(sold_in(one.price, currency) for one in wanted):
            return str(currency)
    raise StripeError("All prices on a subscription must have the same currency.")


def amount_of(wanted: list[Wanted], currency: str) -> int:
    return sum(item_amount(one.price, one.quantity, currency) for one in wanted)


@recorded("event logs: customer.subscription.created comes after all events of the first invoice")
def start(
    state: State,
    customer: Json,
    wanted: list[Wanted],
    *,
    payment_method: str | None,
    params: dict[str, Any],
    pay_now: bool = True,
    confirmed: bool = False,
) -> tuple[Json, Decline | None]:
    """Create the subscription and its first invoice, and charge it unless told to wait.

    `params` are those of the API route. The caller emits customer.subscription.created.
    """
    now = state.now()
    currency = currency_of(customer, wanted, params.get("currency"))
    trial_end = trials.end_of_new(state, params)
    anchor = trial_end or _anchor(state, wanted, params)
    subscription = new_subscription(
        state,
        customer,
        currency=currency,
        payment_method=payment_method,
        params=params,
        anchor=anchor,
    )
    subscription["discounts"] = discounting.redeem(
        state,
        params.get("discounts") or None,
        customer=customer["id"],
        currency=currency,
        subtotal=amount_of(wanted, currency),
        subscription=subscription["id"],
    )
    if trial_end:
        subscription.update(trial_start=now, trial_end=trial_end)
    _add_items(state, subscription, wanted, until=trial_end)
    schedule_end(state, subscription, params)
    invoice = first_invoice(state, subscription, params)
    invoicing.finalize(state, invoice)
    decline = None
    if pay_now and invoice["status"] != "paid":
        decline = collect(state, invoice, confirmed=confirmed)
    if invoice["status"] == "paid":
        subscription["status"] = "trialing" if trial_end else "active"
    return state.save(subscription), decline


def _anchor(state: State, wanted: list[Wanted], params: dict[str, Any]) -> int:
    now: int = state.now()
    anchor: int = params.get("billing_cycle_anchor", now)
    latest = min(_boundary(one.price, now, now) for one in wanted)
    if not now <= anchor <= latest:
        raise invalid(
            "`billing_cycle_anchor` must be in the future and at most one period from now.",
            "billing_cycle_anchor",
        )
    return anchor


def _boundary(price: Json, instant: int, anchor: int) -> int:
    every = price["recurring"]
    return boundary_after(
        instant, anchor=anchor, interval=every["interval"], count=every["interval_count"]
    )


def _add_items(
    state: State, subscription: Json, wanted: list[Wanted], *, until: int | None
) -> None:
    now, anchor = state.now(), subscription["billing_cycle_anchor"]
    for one in wanted:
        end = until or _boundary(one.price, now, anchor)
        new_item(
            state,
            subscription,
            one.price,
            quantity=one.quantity,
            period=(now, end),
            metadata=one.metadata,
            tax_rates=one.tax_rates,
        )


def first_invoice(state: State, subscription: Json, params: dict[str, Any]) -> Json:
    """The draft that begins the subscription (saved with it): in full, in part, or of a trial."""
    now, anchor = state.now(), subscription["billing_cycle_anchor"]
    lines = take_loose(state, subscription)
    for item in items_of(state, subscription["id"]):
        every = price_of(state, item)["recurring"]
        if subscription["trial_end"]:
            lines += trial_lines(state, subscription, item)
        elif anchor == now:
            lines += cycle_lines(state, subscription, item)
        elif params.get("proration_behavior", "create_prorations") != "none":
            begun = boundary_before(
                anchor, interval=every["interval"], count=every["interval_count"]
            )
            whole = (begun, anchor)
            lines += partial_lines(state, subscription, item, whole=whole)
    invoice = invoicing.draft(
        state, subscription, lines, billing_reason="subscription_create", period=(now, now)
    )
    claim(state, lines, invoice)
    subscription["latest_invoice"] = invoice["id"]
    state.save(subscription)
    return invoice
