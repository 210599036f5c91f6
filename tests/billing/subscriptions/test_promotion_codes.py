"""A promotion code of who has a subscription: shown before it is used, refused in words."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import stripe as sdk

from tenants.models import AuditEntry
from tests.billing.conftest import Shop
from tests.billing.subscriptions.clocked import HOUR, Clocked, clocked, due

PRO, BUSINESS, SEAT = 29_00, 99_00, 12_00


@pytest.fixture
def books(shop: Shop, stripe: sdk.StripeClient) -> Clocked:
    return clocked(shop, stripe)


def code_for(stripe: sdk.StripeClient, *, code: dict[str, Any] | None = None, **coupon: Any) -> str:
    """A new code at Stripe, in capitals."""
    params: Any = {"duration": "once", "name": "Launch", **coupon}
    made = stripe.v1.coupons.create(params)
    text = f"LAUNCH{uuid4().hex[:8].upper()}"
    promotion: Any = {
        "promotion": {"type": "coupon", "coupon": made.id},
        "code": text,
        **(code or {}),
    }
    stripe.v1.promotion_codes.create(promotion)
    return text


def refused(books: Clocked, code: str, **choice: object) -> str:
    answer = books.shop.owner.get(
        "/billing/change/", {"plan": "pro", "interval": "month", "code": code, **choice}
    )
    text = answer.content.decode()
    assert answer.status_code == 422, text
    assert "Nothing was changed" in text
    return text


def test_a_code_is_shown_then_used_once_and_only_the_next_invoice_is_less(books: Clocked) -> None:
    books.buy("pro")
    code = code_for(books.stripe, percent_off=50)
    page = books.shop.look(plan="pro", code=code.lower())
    assert f"The code {code} is used: Launch, for one invoice." in page
    assert ("Nothing is charged now." in page, due(page, "You pay then")) == (True, PRO // 2)
    assert books.row.discounts == []
    answer = books.shop.owner.get(books.shop.confirm(page)["Location"]).content.decode()
    assert f"The code {code} is used." in answer
    assert "Launch: 50 % off" in answer
    books.shop.confirm(page)  # a second click
    assert (
        AuditEntry.objects.filter(tenant=books.shop.tenant, action="promotion.applied").count() == 1
    )
    books.renew()
    books.renew()
    assert books.totals() == [PRO, PRO // 2, PRO]
    assert "has used the code" in refused(books, code)


def test_a_code_for_ever_holds_across_an_upgrade(books: Clocked) -> None:
    books.buy("pro")
    at = books.pass_part(1 / 2)
    code = code_for(books.stripe, percent_off=20, duration="forever")
    page = books.shop.look(plan="business", code=code)
    assert due(page) == books.part(BUSINESS * 8 // 10, at) - books.part(PRO, at)
    assert due(page, "You pay then") == BUSINESS * 8 // 10
    books.shop.confirm(page)
    assert books.totals()[1] == due(page)
    books.renew()
    at = books.pass_part(1 / 4)
    page = books.shop.look(plan="business", interval="year")
    assert due(page) == 990_00 * 8 // 10 - books.part(BUSINESS * 8 // 10, at)
    assert due(page, "You pay then") == 990_00 * 8 // 10
    books.shop.confirm(page)
    assert books.totals()[2:] == [BUSINESS * 8 // 10, due(page)]


def test_a_code_for_three_months_goes_on_across_a_downgrade(books: Clocked) -> None:
    books.buy("business")
    code = code_for(books.stripe, percent_off=10, duration="repeating", duration_in_months=3)
    books.shop.change(plan="business", code=code)
    page = books.shop.look(plan="pro")
    assert due(page, "You pay then") == PRO * 9 // 10
    books.shop.confirm(page)
    for _ in range(3):
        books.renew()
    assert books.totals() == [BUSINESS, PRO * 9 // 10, PRO * 9 // 10, PRO]


def test_an_amount_off_once_waits_for_the_next_whole_invoice(books: Clocked) -> None:
    books.buy("team", seats="2")
    at = books.pass_part(1 / 2)
    code = code_for(books.stripe, amount_off=5_00, currency="usd")
    page = books.shop.look(plan="team", seats=4, code=code)
    assert due(page) == books.part(4 * SEAT, at) - books.part(2 * SEAT, at)
    assert due(page, "You pay then") == 4 * SEAT - 5_00
    books.shop.confirm(page)
    books.renew()
    books.renew()
    assert books.totals()[2:] == [4 * SEAT - 5_00, 4 * SEAT]


def test_codes_that_cannot_be_used_are_refused_in_words(books: Clocked) -> None:
    stripe = books.buy("pro").stripe
    [business] = stripe.v1.prices.list({"lookup_keys": ["business_month"]}).data
    now = books.now()
    assert "We do not know the code" in refused(books, "NEVERHEARD")
    assert "We do not know the code" in refused(books, "<script>" + "x" * 200)
    late = code_for(stripe, code={"expires_at": now + HOUR}, percent_off=5)
    books.pass_until(now + 2 * HOUR)
    assert "has expired" in refused(books, late)
    other = code_for(stripe, percent_off=5, applies_to={"products": [str(business.product)]})
    assert "not for this plan" in refused(books, other)
    assert "The code" in books.shop.look(plan="business", code=other)
    euros = code_for(stripe, amount_off=5_00, currency="eur")
    assert "takes nothing off in USD" in refused(books, euros)
    first = code_for(stripe, code={"restrictions": {"first_time_transaction": True}}, percent_off=5)
    assert "first purchase only" in refused(books, first)
    much = code_for(stripe, percent_off=5, code={
        "restrictions": {"minimum_amount": 500_00, "minimum_amount_currency": "usd"}})  # fmt: skip
    assert "needs a larger purchase" in refused(books, much)
    one = code_for(stripe, code={"max_redemptions": 1}, percent_off=5)
    mine = books.shop.look(plan="pro", code=one)
    theirs = clocked_customer(books)
    [found] = stripe.v1.promotion_codes.list({"code": one}).data
    stripe.v1.subscriptions.update(theirs, {"discounts": [{"promotion_code": found.id}]})
    answer = books.shop.confirm(mine)
    assert (answer.status_code, "as often as it can be" in answer.content.decode()) == (409, True)
    assert books.row.discounts == []
    assert books.totals() == [PRO]
    books.shop.change(plan="pro", code=code_for(stripe, percent_off=5, duration="forever"))
    assert "codes cannot be combined" in refused(books, code_for(stripe, percent_off=5))


def clocked_customer(books: Clocked) -> str:
    """A subscription of somebody else at Stripe."""
    stripe = books.stripe
    who = stripe.v1.customers.create({"email": "b@b.example"}).id
    card = stripe.v1.payment_methods.attach("pm_card_visa", {"customer": who})
    [price] = stripe.v1.prices.list({"lookup_keys": ["pro_month"]}).data
    made: Any = {"customer": who, "items": [{"price": price.id}], "default_payment_method": card.id}
    return stripe.v1.subscriptions.create(made).id


def test_a_code_that_expires_between_preview_and_change_changes_nothing(books: Clocked) -> None:
    books.buy("pro")
    code = code_for(books.stripe, code={"expires_at": books.now() + HOUR}, percent_off=50)
    page = books.shop.look(plan="business", code=code)
    books.pass_until(books.now() + 2 * HOUR)
    answer = books.shop.confirm(page)
    anew = answer.content.decode()
    assert (answer.status_code, "has expired" in anew) == (409, True)
    assert (books.shop.account.plan_key, books.totals()) == ("pro", [PRO])
    assert "The code" not in anew.split("What happens")[1].split("Charged now")[0]
    assert books.shop.confirm(anew).status_code == 302  # without the code, as it is shown now
    assert books.totals()[1] == due(anew)


def test_a_code_is_not_used_with_a_change_that_comes_later(books: Clocked) -> None:
    books.buy("business")
    code = code_for(books.stripe, percent_off=50)
    assert "this change comes later" in refused(books, code, plan="pro")
    books.shop.change(plan="pro")
    assert "Please take the change back first" in refused(books, code, plan="business")
    books.shop.owner.post("/billing/scheduled/revoke/")
    books.shop.change(plan="business", code=code)
    assert [each["percent"] for each in books.row.discounts] == [50]
