"""The proration items of one subscription item: its unused time, and what takes its place."""

from stripe_simulator.objects.invoice_items import new_subscription_item
from stripe_simulator.objects.prices import is_metered, item_amount
from stripe_simulator.objects.subscription_items import price_of
from stripe_simulator.objects.subscriptions import is_flexible
from stripe_simulator.rules.discounting import percent_discounted
from stripe_simulator.rules.lines import TIMES, usage_lines
from stripe_simulator.rules.proration import prorated, unused
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented, recorded
from stripe_simulator.store import State


@documented("billing/subscriptions/billing-mode/compare#credit-proration-calculations")
@recorded("worked examples: flexible gives back what was billed, classic what the price would cost")
def credit_item(state: State, subscription: Json, item: Json, *, at: int) -> Json | None:
    """The credit for the rest of the item's period; of a metered item, the charge for its usage.

    None when there is nothing to credit. The item's debit is used up (unsaved).
    """
    price = price_of(state, item)
    if is_metered(price):
        return _usage_so_far(state, subscription, item, at=at)
    if is_flexible(subscription):
        amount = unused(item["_debit"], at=at)
        end = int((item["_debit"] or {"end": item["current_period_end"]})["end"])
    else:
        amount = whole_rest(state, subscription, item, price, item["quantity"], at=at)
        end = item["current_period_end"]
    item["_debit"] = None
    return _item(state, subscription, item, price, "Unused time on", -amount, (at, end))


def charge_item(
    state: State, subscription: Json, item: Json, price: Json, quantity: int, *, at: int
) -> Json | None:
    """The charge for the rest of the item's period at a price, which becomes its debit (unsaved)."""
    if is_metered(price):
        return None
    amount = whole_rest(state, subscription, item, price, quantity, at=at)
    end = item["current_period_end"]
    item["_debit"] = {"amount": amount, "start": at, "end": end}
    shown = item | {"quantity": quantity}
    return _item(state, subscription, shown, price, "Remaining time on", amount, (at, end))


@assumed("prorations take percentages of the subscription's discounts into account, amounts never")
def whole_rest(
    state: State, subscription: Json, item: Json, price: Json, quantity: int, *, at: int
) -> int:
    """What a quantity costs from `at` to the end of the item's period, in minor units."""
    whole = item_amount(price, quantity, subscription["currency"])
    whole = percent_discounted(state, subscription, whole, price["product"])
    start, end = item["current_period_start"], item["current_period_end"]
    return prorated(whole, at=at, start=start, end=end)


@documented("billing/subscriptions/usage-based/manage-billing-setup#update-prices-mid-cycle")
def _usage_so_far(state: State, subscription: Json, item: Json, *, at: int) -> Json | None:
    """Flexible bills what was used until a metered price goes; classic bills it never."""
    if not is_flexible(subscription):
        return None
    lines = usage_lines(state, subscription, item, until=at)
    amount = sum(line.amount for line in lines)
    if not amount:
        return None
    return new_subscription_item(
        state,
        subscription=subscription,
        item=item,
        price=price_of(state, item),
        quantity=sum(line.quantity for line in lines),
        amount=amount,
        description=lines[0].description or "",
        period=lines[0].period,
        proration=False,
    )


def _item(
    state: State,
    subscription: Json,
    item: Json,
    price: Json,
    label: str,
    amount: int,
    period: tuple[int, int],
) -> Json:
    name = state.require("product", price["product"])["name"]
    return new_subscription_item(
        state,
        subscription=subscription,
        item=item,
        price=price,
        quantity=item["quantity"],
        amount=amount,
        description=f"{label} {item['quantity']} {TIMES} {name}",
        period=period,
    )
