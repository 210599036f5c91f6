import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.models import OutboxEvent
from metering import Limit, UsagePrice
from metering.models import SpendLimit
from metering.quotas import limits, own_limits, quota, spend
from metering.quotas.spend import OwnLimits
from tests.events.log import an_event

PRICE = UsagePrice(100, per=1_000)
SOFT = Limit(1_000, hard=False, price=PRICE)


@pytest.fixture
def own(acme, people, django_capture_on_commit_callbacks):
    """`own(money=500)`: acme's owner sets this, and it is in force."""

    def set_own(money=None, **caps):
        with django_capture_on_commit_callbacks(execute=True):
            own_limits.set_own(acme, OwnLimits(money=money, caps=caps), by=people.acme_owner)
        return limits.of(acme)

    return set_own


def test_a_cap_below_the_plan_is_a_hard_limit(log, acme, own):
    limits.set_limits(acme, {"links": 10, "clicks": Limit(100, hard=False)})
    in_force = own(links=3, clicks=50)
    assert (in_force["links"].value, in_force["links"].own) == (3, True)
    assert (in_force["clicks"].value, in_force["clicks"].hard) == (50, True)


def test_a_cap_above_a_hard_limit_changes_nothing(log, acme, own):
    limits.set_limits(acme, {"links": 10})
    assert own(links=11)["links"] == Limit(10)


def test_money_becomes_a_cap_on_what_has_a_price(log, acme, own):
    limits.set_limits(acme, {"clicks": SOFT, "links": 10}, currency="usd")
    in_force = own(money=250)
    assert in_force["clicks"].value == 1_000 + 2_500
    assert in_force["clicks"].included == 1_000
    assert in_force["clicks"].cost(3_500) == 250
    assert in_force["links"] == Limit(10)


def test_no_money_at_all_still_allows_what_is_included(log, acme, own):
    limits.set_limits(acme, {"clicks": SOFT}, currency="usd")
    assert own(money=0)["clicks"].value == 1_000


@given(
    included=st.integers(0, 10**9),
    amount=st.integers(1, 10**6),
    per=st.integers(1, 10**6),
    money=st.integers(0, 10**9),
)
def test_what_the_money_buys_never_costs_more(included, amount, per, money):
    limit = Limit(included, hard=False, price=UsagePrice(amount, per=per))
    most = spend.affordable(limit, money)
    assert limit.cost(most) <= money
    one_more = (most + 1 - included) * amount
    assert one_more > money * per, "and one more would have cost more, exactly"


def test_several_priced_meters_share_the_money(log, acme, own):
    limits.set_limits(acme, {"clicks": SOFT, "api_calls": SOFT}, currency="usd")
    click = an_event("Link Clicked", tenant=acme.schema_name)
    assert own(money=100)["clicks"].value == 2_000
    events = [an_event("API Called", tenant=acme.schema_name) for _ in range(1_600)]
    log.store.append([click, *events])
    assert limits.of(acme)["clicks"].value == 1_000 + 400  # 60 of the 100 are gone
    assert limits.of(acme)["api_calls"].value == 2_000


def test_quotas_enforce_it_and_say_whose_limit_it_is(log, acme, own):
    limits.set_limits(acme, {"links": 10})
    own(links=1)
    quota.consume(acme, "links")
    with pytest.raises(quota.QuotaExceeded, match="the limit that it has set for itself"):
        quota.consume(acme, "links")
    own()
    quota.consume(acme, "links")


def test_a_change_is_an_event_and_the_same_again_is_not(log, acme, own):
    limits.set_limits(acme, {"links": 10})
    OutboxEvent.objects.all().delete()
    own(links=3)
    [row] = OutboxEvent.objects.all()
    assert '"Spend Limit Changed"' in row.payload
    own(links=3)
    assert OutboxEvent.objects.count() == 1
    own()
    assert OutboxEvent.objects.count() == 2
    assert not SpendLimit.objects.for_tenant(acme).exists()


def test_the_limits_of_one_workspace_are_not_those_of_another(log, acme, globex, own):
    for tenant in (acme, globex):
        limits.set_limits(tenant, {"links": 10})
    own(links=3)
    assert limits.of(globex)["links"] == Limit(10)


@pytest.mark.parametrize("wrong", [OwnLimits(money=-1), OwnLimits(caps={"links": -1})])
def test_a_limit_is_not_negative(acme, wrong):
    with pytest.raises(ValueError, match="not negative"):
        own_limits.set_own(acme, wrong, by=None)
