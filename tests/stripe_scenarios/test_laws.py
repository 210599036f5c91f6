"""Laws that hold for any change: what is shown is charged, and nothing is lost between changes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import LIVE, Opener, amounts, at, item_of

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(LIVE, reason="many changes, each with a clock of its own"),
]
MONTH = 30 * 24 * 3600
_FEW = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_CHANGES = st.lists(
    st.tuples(st.integers(1, MONTH - 1), st.integers(0, 20_000), st.integers(1, 9)),
    min_size=1,
    max_size=4,
)


@_FEW
@given(
    amount=st.integers(1, 50_000),
    seconds=st.integers(0, MONTH),
    quantity=st.integers(1, 30),
    off=st.sampled_from([None, 12.5, 33.0]),
    behavior=st.sampled_from(["always_invoice", "create_prorations"]),
    yearly=st.booleans(),
)
def test_what_a_preview_shows_is_what_the_change_bills(
    books: Opener,
    amount: int,
    seconds: int,
    quantity: int,
    off: float | None,
    behavior: str,
    yearly: bool,
) -> None:
    here = books("2027-04-01")
    extra: dict[str, Any] = {}
    if off:
        coupon = here.api.coupons.create({"percent_off": off, "duration": "forever"})
        extra["discounts"] = [{"coupon": coupon.id}]
    made = here.subscribe(here.price(1999), **extra)
    interval = {"interval": "year" if yearly else "month"}
    change = {
        "items": [
            {
                "id": item_of(made).id,
                "price": here.price(amount, recurring=interval).id,
                "quantity": quantity,
            }
        ],
        "proration_behavior": behavior,
        "proration_date": at("2027-04-01") + seconds,
    }
    shown = here.api.invoices.create_preview(
        {"subscription": made.id, "subscription_details": change}
    )
    assert len(here.invoices(made)) == 1
    here.api.subscriptions.update(made.id, change)
    if behavior == "create_prorations" and not yearly:
        here.pass_until("2027-05-01")
    billed = here.invoices(made)[-1]
    assert amounts(shown) == amounts(billed)
    assert (shown.total, shown.amount_due) == (billed.total, billed.amount_due)


@_FEW
@given(changes=_CHANGES)
def test_changes_of_one_period_cost_the_time_that_each_was_held(
    books: Opener, changes: list[tuple[int, int, int]]
) -> None:
    here = books("2027-04-01")
    start = at("2027-04-01")
    made = here.subscribe(here.price(3000))
    held, paid_from, expected = 3000.0, start, 0.0
    for seconds, amount, quantity in sorted(changes):
        here_now = start + seconds
        if here_now > here.now():
            here.pass_until(here_now)
        expected += held * (here_now - paid_from) / MONTH
        held, paid_from = float(amount * quantity), here_now
        items = [{"id": item_of(made).id, "price": here.price(amount).id, "quantity": quantity}]
        here.api.subscriptions.update(
            made.id,
            {
                "items": items,
                "proration_behavior": "always_invoice",
                "proration_date": here_now,
            },
        )
    expected += held * (start + MONTH - paid_from) / MONTH
    assert abs(sum(here.totals(made)) - expected) <= 1 + len(changes)
