"""Reading the phases of a schedule: one after the other, each with its items."""

from typing import Any

from stripe_simulator.errors import NotSimulated, invalid
from stripe_simulator.objects.prices import is_metered
from stripe_simulator.objects.schedules import new_phase
from stripe_simulator.rules.periods import boundary_after
from stripe_simulator.rules.subscribing import Wanted, currency_of, wanted_items
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed
from stripe_simulator.store import State

_PHASE = {
    *("currency", "description", "discounts", "duration", "end_date", "items", "metadata"),
    *("proration_behavior", "start_date", "trial_end"),
}
_ITEM = {"metadata", "price", "quantity"}
_MAX_PHASES = 10


def read_phases(
    state: State, given: list[dict[str, Any]], *, start: int, customer: Json
) -> list[Json]:
    """Phases one after the other. Raises StripeError for a gap, an overlap or an unknown end."""
    if not 1 <= len(given) <= _MAX_PHASES:
        raise invalid(f"You must pass 1 to {_MAX_PHASES} phases.", "phases")
    phases = []
    for position, params in enumerate(given):
        name = f"phases[{position}]"
        _refuse_unsimulated(params, name)
        begins = params.get("start_date", start)
        begins = state.now() if begins == "now" else begins
        if begins != start:
            raise invalid("Each phase begins where the one before it ends.", f"{name}[start_date]")
        wanted = wanted_items(state, params["items"], name=f"{name}[items]")
        end = _end(state, params, wanted, begins, name)
        phases.append(
            new_phase(
                start=begins,
                end=end,
                items=[_named(one) for one in wanted],
                currency=currency_of(customer, wanted, params.get("currency")),
                params=params,
            )
        )
        start = end
    return phases


def _named(one: Wanted) -> Json:
    quantity = None if is_metered(one.price) else one.quantity
    return {"price": one.price["id"], "quantity": quantity, "metadata": one.metadata}


@assumed("a last phase without an end lasts one period of its first price")
def _end(state: State, params: dict[str, Any], wanted: list[Wanted], begins: int, name: str) -> int:
    if "end_date" in params and "duration" in params:
        raise invalid("Pass either `end_date` or `duration`.", f"{name}[duration]")
    if "end_date" in params:
        end: int = state.now() if params["end_date"] == "now" else params["end_date"]
        if end <= begins:
            raise invalid("A phase ends after it begins.", f"{name}[end_date]")
        return end
    every = wanted[0].price["recurring"]
    lasts = params.get("duration") or every
    count = lasts.get("interval_count", 1)
    return boundary_after(begins, anchor=begins, interval=lasts["interval"], count=count)


def _refuse_unsimulated(params: dict[str, Any], name: str) -> None:
    for key in params.keys() - _PHASE:
        raise NotSimulated(f"A phase's `{key}`", param=f"{name}[{key}]")
    for position, item in enumerate(params["items"]):
        for key in item.keys() - _ITEM:
            raise NotSimulated(f"An item's `{key}`", param=f"{name}[items][{position}][{key}]")
