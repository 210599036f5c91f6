"""A change is charged as it was shown, more at once, less when the period ends; amounts to the cent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import stripe as sdk

from billing.subscriptions import subscription
from metering import quotas
from metering.quotas import OwnLimits
from outbound.models import Message
from tenants.models import AuditEntry
from tests.billing.conftest import Shop
from tests.billing.subscriptions.clocked import HOUR, Clocked, clocked, due

PRO, BUSINESS, SEAT = 29_00, 99_00, 12_00


@pytest.fixture
def books(shop: Shop, stripe: sdk.StripeClient) -> Clocked:
    return clocked(shop, stripe)


def mails(books: Clocked, name: str) -> int:
    return Message.objects.filter(tenant_id=books.shop.tenant.pk, kind=f"billing.{name}").count()


def entries(books: Clocked, action: str) -> int:
    return AuditEntry.objects.filter(tenant=books.shop.tenant, action=action).count()


def test_an_upgrade_is_charged_as_shown_though_time_passes_before_it_is_confirmed(
    books: Clocked,
) -> None:
    books.buy("pro")
    at = books.pass_part(1 / 2)
    page = books.shop.look(plan="business")
    shown = due(page)
    assert shown == books.part(BUSINESS, at) - books.part(PRO, at)
    assert due(page, "You pay then") == BUSINESS
    books.pass_until(at + 10 * HOUR)
    assert books.shop.limit("links") == 1_000
    answer = books.shop.owner.get(books.shop.confirm(page)["Location"]).content.decode()
    assert "You are on Business now." in answer
    assert books.totals() == [PRO, shown]
    assert books.shop.limit("links") == 10_000
    assert (mails(books, "plan_changed"), books.shop.account.status) == (2, "active")
    books.renew()
    assert books.totals() == [PRO, shown, BUSINESS]


def test_an_upgrade_twice_in_a_day(books: Clocked) -> None:
    books.buy("pro")
    first = books.pass_part(1 / 3)
    books.shop.change(plan="team", seats=5)
    assert books.totals()[1:] == [books.part(5 * SEAT, first) - books.part(PRO, first)]
    paid = books.part(5 * SEAT, first)
    second = first + 5 * HOUR
    books.pass_until(second)
    page = books.shop.look(plan="business")
    end = int(books.row.period_end.timestamp())
    back = (2 * paid * (end - second) + (end - first)) // (2 * (end - first))
    assert due(page) == books.part(BUSINESS, second) - back
    books.shop.confirm(page)
    assert books.totals()[-1] == books.part(BUSINESS, second) - back
    assert books.shop.account.plan_key == "business"


def test_a_downgrade_comes_when_the_period_ends_and_is_shown_till_then(books: Clocked) -> None:
    books.buy("team", seats="4")
    books.pass_part(1 / 4)
    page = books.shop.look(plan="pro")
    assert "Nothing is charged now." in page
    assert due(page, "You pay then") == PRO
    books.shop.confirm(page)
    end = books.row.period_end
    assert (books.row.scheduled_at, books.row.scheduled_plan_key) == (end, "pro")
    assert (books.shop.account.plan_key, books.totals()) == ("team", [4 * SEAT])
    overview = books.shop.page()
    assert f"Team until {end:%-d %B %Y}, then Pro for $29.00 a month." in overview
    books.shop.confirm(page)  # a second click
    for _ in range(2):
        subscription.sync(books.shop.account, origin="event")  # type: ignore[arg-type]
    assert (mails(books, "change_scheduled"), entries(books, "change.scheduled")) == (1, 1)
    books.renew()
    assert (books.shop.account.plan_key, books.totals()) == ("pro", [4 * SEAT, PRO])
    assert (books.row.scheduled_at, books.shop.limit("links")) == (None, 1_000)
    assert mails(books, "plan_changed") == 2
    assert "A change is scheduled" not in books.shop.page()
    books.renew()
    assert books.totals() == [4 * SEAT, PRO, PRO]
    assert books.row.schedule_id == ""
    assert mails(books, "change_revoked") == 0


def test_a_downgrade_is_taken_back_with_one_click(books: Clocked) -> None:
    books.buy("business")
    books.shop.change(plan="pro")
    assert 'action="/billing/scheduled/revoke/"' in books.shop.page()
    assert books.shop.member.post("/billing/scheduled/revoke/").status_code == 403
    for _ in range(2):
        assert books.shop.owner.post("/billing/scheduled/revoke/").status_code == 302
    assert (books.row.scheduled_at, books.row.schedule_id) == (None, "")
    assert (mails(books, "change_revoked"), entries(books, "change.revoked")) == (1, 1)
    books.renew()
    assert books.totals() == [BUSINESS, BUSINESS]


def test_an_upgrade_ends_a_downgrade_that_was_scheduled(books: Clocked) -> None:
    books.buy("team", seats="2")
    books.shop.change(plan="pro")
    page = books.shop.look(plan="business")
    assert "What was scheduled for the end of the period does not happen" in page
    assert due(page, "You pay then") == BUSINESS
    books.shop.confirm(page)
    assert (books.row.plan_key, books.row.scheduled_at) == ("business", None)
    assert books.stripe.v1.subscriptions.retrieve(books.id).schedule is None
    books.renew()
    assert books.totals()[-1] == BUSINESS
    assert mails(books, "change_revoked") == 0


def test_another_downgrade_takes_the_place_of_the_first(books: Clocked) -> None:
    books.buy("business")
    books.shop.change(plan="team", seats=3)
    page = books.shop.look(plan="pro")
    assert due(page, "You pay then") == PRO
    books.shop.confirm(page)
    books.renew()
    assert (books.shop.account.plan_key, books.totals()) == ("pro", [BUSINESS, PRO])


def test_seats_up_down_and_up_in_one_period(books: Clocked) -> None:
    books.buy("team", seats="3")
    at = books.pass_part(1 / 5)
    page = books.shop.look(plan="team", seats=6)
    assert due(page) == books.part(6 * SEAT, at) - books.part(3 * SEAT, at)
    assert due(page, "You pay then") == 6 * SEAT
    books.shop.confirm(page)
    paid = books.totals()[1]
    assert (paid, books.shop.limit("seats")) == (due(page), 6)
    down = books.shop.look(plan="team", seats=2)
    assert ("Nothing is charged now." in down, due(down, "You pay then")) == (True, 2 * SEAT)
    books.shop.confirm(down)
    assert (books.row.quantity, books.row.scheduled_quantity) == (6, 2)
    assert "Team with 6 seats until" in books.shop.page()
    at = books.pass_part(3 / 5)
    again = books.shop.look(plan="team", seats=7)
    assert due(again, "You pay then") == 7 * SEAT
    books.shop.confirm(again)
    assert (books.row.quantity, books.row.scheduled_at) == (7, None)
    assert books.totals()[2] == due(again)
    assert abs(due(again) - books.part(SEAT, at)) <= 1  # each line is rounded by itself
    assert mails(books, "subscription_changed") == 2
    books.renew()
    assert books.totals()[3] == 7 * SEAT


def test_fewer_seats_come_when_the_period_ends(books: Clocked) -> None:
    books.buy("team", seats="5")
    books.shop.change(plan="team", seats=2)
    assert books.shop.limit("seats") == 5
    books.renew()
    assert (books.row.quantity, books.shop.limit("seats")) == (2, 2)
    assert books.totals() == [5 * SEAT, 2 * SEAT]
    assert mails(books, "subscription_changed") == 1


def test_by_the_year_at_once_and_by_the_month_when_the_year_ends(books: Clocked) -> None:
    books.buy("pro")
    at = books.pass_part(1 / 2)
    page = books.shop.look(plan="pro", interval="year")
    assert due(page) == 290_00 - books.part(PRO, at)
    assert due(page, "You pay then") == 290_00
    books.shop.confirm(page)
    assert (books.shop.account.interval, books.totals()[1]) == ("year", due(page))
    assert mails(books, "subscription_changed") == 1
    back = books.shop.look(plan="pro", interval="month")
    assert ("Nothing is charged now." in back, due(back, "You pay then")) == (True, PRO)
    books.shop.confirm(back)
    ends = f"{books.row.scheduled_at:%-d %B %Y}"
    assert f"Pro by the year until {ends}, then Pro for $29.00 a month." in books.shop.page()
    assert books.shop.account.interval == "year"
    books.renew()
    assert (books.shop.account.interval, books.totals()[2:]) == ("month", [PRO])


@pytest.mark.parametrize("early", [1, -1])
def test_a_change_in_the_last_second_of_a_period_and_in_the_first_of_the_next(
    books: Clocked, early: int
) -> None:
    books.buy("pro")
    end = int(books.row.period_end.timestamp())
    books.pass_until(end - early)
    page = books.shop.look(plan="business")
    shown = due(page)
    assert shown == (0 if early == 1 else BUSINESS - PRO)
    books.shop.confirm(page)
    assert books.shop.account.plan_key == "business"
    books.pass_until(end + 2 * HOUR)
    assert sum(books.totals()) == PRO + BUSINESS


def test_an_offer_of_the_period_before_is_not_true_any_more(books: Clocked) -> None:
    books.buy("pro")
    books.pass_part(1 / 2)
    page = books.shop.look(plan="business")
    books.renew()
    answer = books.shop.confirm(page)
    assert (answer.status_code, books.totals()) == (409, [PRO, PRO])
    anew = answer.content.decode()
    assert "The subscription has changed since you looked at it" in anew
    books.shop.confirm(anew)
    assert books.totals()[2] == due(anew)


def test_cancelling_ends_what_was_scheduled(books: Clocked) -> None:
    books.buy("business")
    books.shop.change(plan="pro")
    books.shop.owner.post("/billing/cancel/")
    assert (books.row.scheduled_at, books.row.cancel_at) == (None, books.row.period_end)
    books.pass_until(int(books.row.period_end.timestamp()) + HOUR)
    assert books.shop.account.plan_key == "free"


def test_webhooks_in_any_order_and_again_show_the_same(
    books: Clocked, mailbox, deliver: Callable[..., object]
) -> None:
    books.buy("business")
    books.shop.change(plan="pro")
    mailbox.wait_for("subscription_schedule.updated", customer=books.shop.customer)
    before = books.row.scheduled_at, books.row.scheduled_plan_key, books.row.scheduled_amount
    for delivery in [*reversed(mailbox.about(books.shop.customer))] * 2:
        deliver(delivery)
    assert before == (books.row.scheduled_at, books.row.scheduled_plan_key, PRO)
    assert (mails(books, "change_scheduled"), books.shop.account.trouble) == (1, "")


def tried_with_card(books: Clocked) -> Clocked:
    """A trial of Pro that a card is kept for, and that nobody has paid for yet."""
    books.shop.owner.post("/billing/trial/", {"plan": "pro", "interval": "month"})
    books.buy("pro")
    assert (books.shop.account.status, books.totals()) == ("trialing", [0])
    return books


def test_within_a_trial_with_a_card_another_plan_costs_from_its_end_on(books: Clocked) -> None:
    end = tried_with_card(books).row.trial_end
    assert end is not None
    page = books.shop.look(plan="pro", interval="year")
    assert ("Nothing is charged now." in page, due(page, "You pay then")) == (True, 290_00)
    books.shop.confirm(page)
    assert (books.row.interval, books.row.trial_end, books.totals()) == ("year", end, [0])
    books.shop.change(plan="pro", interval="month")  # back at once: nothing is paid for yet
    assert (books.row.interval, books.row.trial_end) == ("month", end)
    books.pass_until(int(end.timestamp()) + 2 * HOUR)
    assert (books.shop.account.status, books.totals()) == ("active", [0, PRO])


def test_a_plan_that_cannot_be_tried_ends_the_trial_and_is_paid_at_once(books: Clocked) -> None:
    tried_with_card(books)
    page = books.shop.look(plan="business")
    assert "Business cannot be tried, so the trial ends" in page
    assert (due(page), due(page, "You pay then")) == (BUSINESS, BUSINESS)
    books.card("pm_card_chargeCustomerFail")
    page = books.shop.look(plan="business")
    assert books.shop.confirm(page).status_code == 402
    assert (books.shop.account.plan_key, books.shop.account.status) == ("pro", "trialing")
    books.card("pm_card_visa")
    books.shop.change(plan="business")
    assert (books.shop.account.status, books.totals()) == ("active", [0, BUSINESS])


@pytest.mark.parametrize(
    "day", [datetime(2027, 1, 31, 9, tzinfo=UTC), datetime(2028, 1, 29, tzinfo=UTC)]
)
def test_months_of_other_lengths_and_another_currency(
    shop: Shop, stripe: sdk.StripeClient, day: datetime
) -> None:
    books = clocked(shop, stripe, begins=day).buy("pro", currency="eur")
    books.renew()  # into the time from the end of February on
    assert books.row.period_start.month == 2
    at = books.pass_part(1 / 3)
    page = books.shop.look(plan="business")
    assert due(page) == books.part(92_00, at) - books.part(27_00, at)
    books.shop.confirm(page)
    books.shop.change(plan="pro")
    end = books.row.period_end
    books.renew()
    assert end.day == day.day
    assert books.totals() == [27_00, 27_00, due(page), 27_00]
    assert books.row.scheduled_at is None


def test_a_code_can_be_used_again_once_the_scheduled_change_has_come(books: Clocked) -> None:
    books.buy("business")
    books.shop.change(plan="pro")
    books.renew()
    assert books.row.schedule_id  # in its last phase, which changes nothing
    page = books.shop.look(plan="business")
    assert "What was scheduled" not in page
    assert "Promotion code" in books.shop.page()


def money_of(books: Clocked) -> int | None:
    return quotas.own_limits_of(books.shop.tenant).money


def test_a_limit_of_money_that_nobody_chose_follows_the_plan_and_a_chosen_one_stays(
    books: Clocked,
) -> None:
    books.buy("pro")
    assert money_of(books) == 29_00
    books.shop.change(plan="business")
    assert money_of(books) == 99_00, "the first limit of the larger plan"
    quotas.set_own_limits(
        books.shop.tenant,
        OwnLimits(money=50_00),
        by=books.shop.tenant.memberships.get(role="owner").user,
    )
    books.shop.change(plan="pro")
    books.renew()
    assert (books.shop.account.plan_key, money_of(books)) == ("pro", 50_00)
    quotas.set_own_limits(books.shop.tenant, OwnLimits(), by=None)
    books.shop.change(plan="business")
    assert money_of(books) is None, "who has removed it does not get it back"


def test_a_cancellation_says_what_becomes_of_a_change_that_waits(books: Clocked) -> None:
    books.buy("business")
    books.shop.change(plan="pro")
    page = books.shop.owner.get("/billing/cancellation/").content.decode()
    assert "The change that is scheduled (Pro for $29.00 a month) is taken back with it" in page
    said = books.shop.owner.post("/billing/cancellation/", follow=True).content.decode()
    assert "It will not become Pro for $29.00 a month any more, also if you keep it." in said
    books.shop.owner.post("/billing/resume/")
    assert (books.row.scheduled_at, books.row.cancel_at) == (None, None)
    books.shop.change(plan="pro")
    assert books.row.scheduled_plan_key == "pro"
    assert (
        "is taken back with it" in books.shop.owner.get("/billing/cancellation/").content.decode()
    )
