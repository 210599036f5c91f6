"""What never starts again (bytes, things) is stated where it costs something: by what there is at the end."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest

from metering import Limit, Tier, Tiers, price_of
from metering.models import Adjustment, Terms
from metering.quotas import limits
from metering.statements import chain
from tests.metering.closing import ANCHOR, HOUR, LATER, NEXT, at, begin, close
from tests.metering.parcels import NOON

TIERS = Tiers("graduated", (Tier(1, 1_00), Tier(None, 50)))


@pytest.fixture
def workspace(parcels, log, acme):
    """Each sender costs something, beyond the first."""
    begin(acme)
    priced = {"senders": Limit(1, hard=False, price=TIERS), "parcels": Limit(10)}
    limits.set_limits(acme, priced, currency="usd")
    Terms.objects.update(since=ANCHOR)
    return acme


def sender(number: int, moment, workspace):
    return at(moment, number, workspace, person=UUID(int=number))


def stated(made) -> dict[object, Decimal]:
    return {each.period_end: each.value for each in made if each.meter == "senders"}


def test_the_next_month_has_what_was_there_before(workspace, log):
    log.store.append([sender(1, NOON, workspace), sender(2, NOON, workspace)])
    log.store.append([sender(3, NEXT, workspace)])
    made = close(workspace, now=LATER + HOUR)
    assert stated(made) == {NEXT: 2, LATER: 3}
    [first] = [each for each in made if each.meter == "senders" and each.period_end == NEXT]
    assert (first.included, price_of(first), first.currency) == (1, TIERS, "usd")
    assert list(chain.broken(workspace)) == []


def test_what_comes_late_adjusts_every_month_that_it_was_there(workspace, log):
    log.store.append([sender(1, NOON, workspace)])
    close(workspace, now=NEXT + HOUR)
    log.store.append([sender(2, NOON, workspace)])
    assert stated(close(workspace, now=LATER + HOUR)) == {LATER: 2}
    [late] = Adjustment.objects.filter(statement__meter="senders")
    assert (late.statement.period_end, late.value) == (NEXT, 1)


def test_without_a_price_it_is_not_stated(workspace, log):
    limits.set_limits(workspace, {"senders": Limit(5)})
    Terms.objects.filter(included=5).update(since=ANCHOR)
    log.store.append([sender(1, NOON, workspace)])
    assert stated(close(workspace, now=NEXT + HOUR)) == {}


def test_where_the_price_ended_in_the_month_each_part_is_stated(workspace, log):
    limits.set_limits(workspace, {"senders": Limit(5)})
    Terms.objects.filter(included=5).update(since=NOON)
    log.store.append([sender(1, NOON - HOUR, workspace), sender(2, NOON, workspace)])
    made = close(workspace, now=NEXT + HOUR)
    assert stated(made) == {NOON: 1, NEXT: 2}
    [first, last] = [each for each in made if each.meter == "senders"]
    assert (first.month_start, first.month_end, first.is_level) == (ANCHOR, NEXT, True)
    assert (price_of(first), price_of(last)) == (TIERS, None)
    assert list(chain.broken(workspace)) == []


def test_a_price_in_tiers_is_part_of_the_chain(workspace, log):
    made = close(workspace, now=NEXT + HOUR)
    [one] = [each for each in made if each.meter == "senders"]
    sealed = chain.digest(one, [])
    one.price_tiers = Tiers("volume", TIERS.tiers).stored()
    assert chain.digest(one, []) != sealed
