"""The lines that bill a subscription's items: whole periods ahead, usage behind, trials."""

from stripe_simulator.objects.prices import Part, is_metered, parts, price_label
from stripe_simulator.objects.subscription_items import price_of
from stripe_simulator.rules.invoicing import Line
from stripe_simulator.rules.metering import billable
from stripe_simulator.rules.proration import prorated
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

TIMES = "\N{MULTIPLICATION SIGN}"


def cycle_lines(state: State, subscription: Json, item: Json) -> list[Line]:
    """Bill an item for its current period in full; nothing for usage, which is known later."""
    price = price_of(state, item)
    if is_metered(price):
        return []
    period = (item["current_period_start"], item["current_period_end"])
    return _lines(state, subscription, item, price, item["quantity"], period)


@documented("billing/subscriptions/billing-cycle#new-subscriptions")
def partial_lines(
    state: State, subscription: Json, item: Json, *, whole: tuple[int, int]
) -> list[Line]:
    """Bill the part of a period until the first anchor; `whole` is that period in full."""
    made = cycle_lines(state, subscription, item)
    for line in made:
        start, end = line.period
        line.amount = prorated(line.amount, at=start, start=whole[0], end=end)
    return made


@documented("billing/subscriptions/trials#how-trials-work")
def trial_lines(state: State, subscription: Json, item: Json) -> list[Line]:
    """Nothing, for the days of the trial."""
    price = price_of(state, item)
    if is_metered(price):
        return []
    period = (item["current_period_start"], item["current_period_end"])
    name = state.require("product", price["product"])["name"]
    free = Part(item["quantity"], 0, "0")
    return [_line(subscription, item, price, free, f"Trial period for {name}", period)]


@documented("billing/subscriptions/usage-based/how-it-works")
@assumed("usage of nothing makes a line of nothing")
def usage_lines(state: State, subscription: Json, item: Json, *, until: int) -> list[Line]:
    """Bill what an item's meter counted since its period began (or since its price changed)."""
    price = price_of(state, item)
    if not is_metered(price):
        return []
    start = max(item["current_period_start"], item.get("_metered_since") or 0)
    quantity = billable(state, subscription, price, start=start, end=until)
    return _lines(state, subscription, item, price, quantity, (start, until))


def _lines(
    state: State,
    subscription: Json,
    item: Json,
    price: Json,
    quantity: int,
    period: tuple[int, int],
) -> list[Line]:
    name = state.require("product", price["product"])["name"]
    currency = subscription["currency"]
    return [
        _line(
            subscription,
            item,
            price,
            part,
            f"{part.quantity} {TIMES} {name} ({price_label(price, currency, part)})",
            period,
        )
        for part in parts(price, quantity, currency)
    ]


def _line(
    subscription: Json,
    item: Json,
    price: Json,
    part: Part,
    description: str,
    period: tuple[int, int],
) -> Line:
    return Line(
        price=price,
        quantity=part.quantity,
        amount=part.amount,
        description=description,
        period=period,
        subscription=subscription["id"],
        subscription_item=item["id"],
        unit=part.unit,
        discounts=item["discounts"],
        tax_rates=item["_tax_rates"],
    )
