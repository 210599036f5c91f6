"""Whatever is changed, in whatever order: what was shown is what was paid, now and the next time, and the
projection says what Stripe says."""

from __future__ import annotations

import random

import pytest
import stripe as sdk

from tests.billing.conftest import Shop
from tests.billing.subscriptions.clocked import Clocked, clocked, due

pytestmark = pytest.mark.thorough

WISHES: list[dict[str, object]] = [
    {"plan": "pro"},
    {"plan": "pro", "interval": "year"},
    {"plan": "team", "seats": 2},
    {"plan": "team", "seats": 5},
    {"plan": "team", "seats": 9},
    {"plan": "team", "seats": 3, "interval": "year"},
    {"plan": "business"},
    {"plan": "business", "interval": "year"},
]
STEPS = 9


def paid(books: Clocked) -> list[int]:
    """What was due of each invoice, the oldest first."""
    listed = books.stripe.v1.invoices.list({"customer": books.shop.customer, "limit": 100}).data
    assert {each.status for each in listed} == {"paid"}
    return [each.amount_due for each in reversed(listed)]


def is_projected(books: Clocked) -> None:
    said = books.stripe.v1.subscriptions.retrieve(books.id, {"expand": ["schedule"]})
    [item] = said["items"].data
    row, schedule = books.row, said.schedule
    assert (row.price_id, row.quantity, row.status) == (item.price.id, item.quantity, said.status)
    assert int(row.period_end.timestamp()) == item.current_period_end
    assert books.shop.account.plan_key == item.price.metadata["plan"] == row.plan_key
    following = [] if schedule is None else [
        each for each in schedule.phases if each.start_date >= schedule.current_phase.end_date  # type: ignore[union-attr]
    ]  # fmt: skip
    assert bool(following) == (row.scheduled_at is not None)
    if following:
        assert row.scheduled_quantity == following[0]["items"][0].quantity


@pytest.mark.parametrize(
    "seed",
    [
        117,
        pytest.param(0, marks=pytest.mark.thorough),
        *(pytest.param(each, marks=pytest.mark.endurance) for each in range(1, 25)),
    ],
)
def test_what_was_shown_is_what_is_paid(shop: Shop, stripe: sdk.StripeClient, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (no secret)
    books = clocked(shop, stripe).buy("pro")
    invoices, then = paid(books), None
    for _ in range(STEPS):
        act = chance.choice(["change", "change", "change", "renew", "revoke", "wait"])
        if act == "wait":
            start, end = books.row.period_start.timestamp(), books.row.period_end.timestamp()
            left = end - max(start, books.now())
            books.pass_until(int(books.now() + left * chance.random() * 0.9) + 1)
        elif act == "renew":
            books.renew()
            new = paid(books)[len(invoices) :]
            assert len(new) == 1
            assert then in (None, new[0])
            invoices, then = paid(books), None
        elif act == "revoke":
            books.shop.owner.post("/billing/scheduled/revoke/")
            then = None
        else:
            page = books.shop.look(**chance.choice(WISHES))
            if 'name="offer"' not in page:
                continue
            assert books.shop.confirm(page).status_code == 302
            new = paid(books)[len(invoices) :]
            assert sum(new) == (0 if "Nothing is charged now" in page else due(page))
            assert len(new) == (0 if "Nothing is charged now" in page else 1)
            invoices, then = paid(books), due(page, "You pay then")
        is_projected(books)
