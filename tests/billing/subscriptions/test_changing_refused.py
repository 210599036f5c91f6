"""A change that is not made: nothing is half changed, and the page says why."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import stripe as sdk
from django.core import signing
from django.test import Client

from billing import upkeep
from billing.subscriptions.changing import making, offers
from tenants.models import Membership, Role, Tenant
from tests.billing.conftest import Shop, at_once
from tests.billing.faults import Faults, Kind
from tests.billing.simulated import Simulator
from tests.billing.subscriptions.clocked import Clocked, clocked, due
from tests.billing.webhooks.test_outage import unreachable  # noqa: F401  a fixture

OpenShop = Callable[[], Shop]


@pytest.fixture
def books(shop: Shop, stripe: sdk.StripeClient) -> Clocked:
    return clocked(shop, stripe)


@pytest.fixture
def broken(simulator: Simulator, settings: SimpleNamespace, stripe: object):
    told = Faults(simulator.url)
    server = told.open()
    settings.STRIPE_API_HOST = told.url
    yield told
    settings.STRIPE_API_HOST = simulator.url
    server.shutdown()
    server.server_close()


def still_pro(books: Clocked) -> None:
    assert (books.shop.account.plan_key, books.shop.account.status) == ("pro", "active")
    assert books.totals() == [29_00]
    assert books.shop.limit("links") == 1_000


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ("pm_card_chargeCustomerFail", "Your card was declined"),
        ("pm_card_authenticationRequired", "Your bank wants you to confirm the payment"),
    ],
)
def test_a_payment_that_fails_changes_nothing_and_another_card_does(
    books: Clocked, card: str, words: str
) -> None:
    books.buy("pro")
    books.pass_part(1 / 2)
    books.card(card)
    answer = books.shop.confirm(books.shop.look(plan="business"))
    text = answer.content.decode()
    assert (answer.status_code, words in text) == (402, True)
    assert "Nothing has changed and nothing was charged" in text
    still_pro(books)
    assert books.shop.confirm(text).status_code == 402  # shown anew, and refused anew
    books.card("pm_card_visa")
    assert books.shop.confirm(text).status_code == 409  # it would be paid with another card
    page = books.shop.look(plan="business")
    assert books.shop.confirm(page).status_code == 302
    assert (books.shop.account.plan_key, books.totals()[1]) == ("business", due(page))


def test_a_post_without_an_offer_shows_what_it_costs_and_changes_nothing(books: Clocked) -> None:
    books.buy("pro")
    answer = books.shop.owner.post("/billing/change/", {"plan": "business", "interval": "month"})
    assert answer.status_code == 409
    assert "Please look at what the change costs" in answer.content.decode()
    still_pro(books)


def test_an_offer_of_another_workspace_or_of_nobody_is_refused(
    books: Clocked, stripe: sdk.StripeClient, people: SimpleNamespace, globex: Tenant
) -> None:
    books.buy("pro")
    page = books.shop.look(plan="business")
    ours = offers.read(_offer(page), tenant=books.shop.tenant)
    foreign = offers.Offer(**{**ours.__dict__, "tenant": str(globex.pk)})
    forged = signing.dumps(ours.__dict__, salt="another", compress=True)
    for posted in (offers.sign(foreign), forged, "", "x" * 5000):
        data = {"offer": posted, "plan": "business", "price": "price_of_globex", "seats": "1",
                "subscription": "sub_of_globex"}  # fmt: skip
        answer = books.shop.owner.post("/billing/change/", data)
        assert answer.status_code == 409, posted
    still_pro(books)
    strange = offers.Offer(**{**ours.__dict__, "price": "price_of_globex"})
    answer = books.shop.owner.post("/billing/change/", {"offer": offers.sign(strange)})
    assert "The price has changed" in answer.content.decode()
    still_pro(books)


def test_an_offer_lasts_a_quarter_of_an_hour(
    books: Clocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    books.buy("pro")
    page = books.shop.look(plan="business")
    monkeypatch.setattr(offers, "LASTS", -1)
    answer = books.shop.confirm(page)
    assert (answer.status_code, "15 minutes old" in answer.content.decode()) == (409, True)
    still_pro(books)


def test_only_who_may_pay_may_look_and_change(books: Clocked) -> None:
    books.buy("pro")
    offer = _offer(books.shop.look(plan="business"))
    member: Client = books.shop.member
    assert member.get("/billing/change/?plan=business&interval=month").status_code == 403
    assert member.post("/billing/change/", {"offer": offer}).status_code == 403
    still_pro(books)


def test_two_tabs_with_different_wishes_make_one_change(books: Clocked) -> None:
    books.buy("pro")
    books.pass_part(1 / 2)
    one, other = books.shop.look(plan="business"), books.shop.look(plan="team", seats=4)
    assert books.shop.confirm(one).status_code == 302
    answer = books.shop.confirm(other)
    assert (answer.status_code, books.shop.account.plan_key) == (409, "business")
    assert "The subscription has changed since you looked at it" in answer.content.decode()
    assert "Nothing is charged now" in answer.content.decode()  # now it is a downgrade
    assert books.totals() == [29_00, due(one)]


def test_a_price_that_changed_since_is_shown_anew(books: Clocked, stripe: sdk.StripeClient) -> None:
    books.buy("pro")
    page = books.shop.look(plan="business")
    [price] = stripe.v1.prices.list({"lookup_keys": ["business_month"]}).data
    new = {"currency": "usd", "product": str(price.product), "unit_amount": 109_00,
           "recurring": {"interval": "month"}, "metadata": {"plan": "business"},
           "lookup_key": "business_month", "transfer_lookup_key": True}  # fmt: skip
    made = stripe.v1.prices.create(new)  # type: ignore[arg-type]
    try:
        answer = books.shop.confirm(page)
        assert answer.status_code == 409
        assert "The price has changed since you looked at it" in answer.content.decode()
        assert "$109.00" in answer.content.decode()
        still_pro(books)
    finally:
        stripe.v1.prices.update(
            price.id, {"lookup_key": "business_month", "transfer_lookup_key": True}
        )
        stripe.v1.prices.update(made.id, {"active": False})


def test_a_stripe_that_refuses_for_the_moment_changes_nothing(
    books: Clocked, broken: Faults
) -> None:
    books.buy("pro")
    kinds: tuple[Kind, ...] = (409, 429, 500)
    page, away = books.shop.look(plan="business"), books.shop.look(plan="business", seats=1)
    for how in kinds:
        broken.fail(how)
        answer = books.shop.confirm(page)
        assert (answer.status_code, "Nothing was lost" in answer.content.decode()) == (503, True)
        still_pro(books)
    broken.left = 0
    assert books.shop.confirm(away).status_code == 302
    assert len(books.totals()) == 2


@pytest.mark.parametrize("wish", [{"plan": "business"}, {"plan": "team", "seats": 2}])
def test_an_answer_that_is_lost_once_is_asked_for_again_and_counts_once(
    books: Clocked, broken: Faults, wish: dict[str, object]
) -> None:
    books.buy("business" if "seats" in wish else "pro")
    page = books.shop.look(**wish)
    broken.fail("lost", times=1)
    assert books.shop.confirm(page).status_code == 302
    if "seats" in wish:
        assert (books.row.scheduled_plan_key, len(books.totals())) == ("team", 1)
        assert len(books.stripe.v1.subscription_schedules.list(
            {"customer": books.shop.customer}).data) == 1  # fmt: skip
    else:
        assert (books.shop.account.plan_key, books.totals()[1]) == ("business", due(page))


def test_an_answer_that_never_comes_is_found_out_and_a_second_click_charges_nothing(
    books: Clocked, broken: Faults
) -> None:
    books.buy("pro")
    page = books.shop.look(plan="business")
    broken.fail("lost")
    answer = books.shop.confirm(page)
    assert answer.status_code == 503
    assert books.shop.account.must_ask
    broken.left = 0
    assert books.shop.confirm(page).status_code == 302
    assert (books.shop.account.plan_key, books.totals()) == ("business", [29_00, due(page)])


def test_what_stripe_did_unheard_is_found_by_the_periodic_check(
    books: Clocked, broken: Faults
) -> None:
    books.buy("pro")
    page = books.shop.look(plan="business")
    broken.fail("lost")
    books.shop.confirm(page)
    broken.left = 0
    upkeep.ask_stripe()
    assert (books.shop.account.plan_key, books.totals()) == ("business", [29_00, due(page)])


@pytest.mark.parametrize("dies_in", ["_update", "_note_difference"])
def test_who_dies_while_changing_leaves_it_to_the_periodic_check(
    books: Clocked, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    def die(*_: object) -> None:
        raise SystemExit("killed")

    books.buy("pro")
    page = books.shop.look(plan="business")
    with monkeypatch.context() as broken:
        broken.setattr(making, dies_in, die)
        with pytest.raises(SystemExit):
            books.shop.confirm(page)
    assert (books.shop.account.plan_key, books.shop.account.must_ask) == ("pro", True)
    upkeep.ask_stripe()
    acted = dies_in == "_note_difference"
    assert books.shop.account.plan_key == ("business" if acted else "pro")
    assert books.shop.confirm(page).status_code == 302
    assert (books.shop.account.plan_key, books.totals()) == ("business", [29_00, due(page)])


def test_without_stripe_nothing_can_be_looked_at_and_nothing_changes(
    books: Clocked,
    unreachable: Callable[[], Callable[[], None]],  # noqa: F811
) -> None:
    books.buy("pro")
    page = books.shop.look(plan="business")
    come_back = unreachable()
    assert books.shop.owner.get("/billing/change/?plan=business&interval=month").status_code == 503
    assert books.shop.confirm(page).status_code == 503
    assert books.shop.owner.post("/billing/scheduled/revoke/").status_code == 503
    come_back()
    still_pro(books)


def test_a_failed_renewal_is_paid_before_more_is_bought(books: Clocked) -> None:
    books.buy("pro")
    books.card("pm_card_chargeCustomerFail")
    books.renew()
    assert books.shop.account.status == "past_due"
    answer = books.shop.owner.get("/billing/change/?plan=business&interval=month")
    assert (answer.status_code, "Please pay it first" in answer.content.decode()) == (409, True)
    assert "There is nothing to change" in books.shop.look(plan="pro")


def test_two_owners_who_upgrade_at_once_are_charged_once(open_shop: OpenShop, stripe) -> None:
    browsers = [open_shop() for _ in range(3)]
    browsers[0].buy("pro")
    pages = [each.look(plan="business") for each in browsers]
    confirmed = zip(browsers, pages, strict=True)
    answers = at_once(*((lambda b=b, p=p: b.confirm(p).status_code) for b, p in confirmed))
    assert answers == [302, 302, 302]  # who comes second finds it done
    listed = stripe.v1.invoices.list({"customer": browsers[0].customer}).data
    assert len(listed) == 2
    assert browsers[0].account.plan_key == "business"


def test_a_member_who_goes_leaves_a_seat_to_give_back(books: Clocked) -> None:
    books.buy("team", seats="2")
    shop = books.shop
    assert "seats are paid for" not in shop.owner.get("/members/").content.decode()
    shop.change(plan="team", seats=3)
    Membership.objects.get(tenant=shop.tenant, role=Role.MEMBER)  # with the owner, two people
    page = shop.owner.get("/members/").content.decode()
    assert "3 seats are paid for, and 2 people are here." in page
    assert "/billing/change/?plan=team&amp;interval=month&amp;seats=2" in page
    shop.change(plan="team", seats=2)
    assert "seats are paid for" not in shop.owner.get("/members/").content.decode()


def _offer(page: str) -> str:
    return page.split('name="offer" value="')[1].split('"')[0]
