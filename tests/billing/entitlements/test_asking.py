"""May they, why not, and which plan would: from the page that buys to the face that answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError

from billing import catalogue, entitlements, upkeep
from billing.entitlements import asking
from billing.models import Account, StaffGrant
from metering.quotas import limits
from tenants import features
from tenants.domains import claims
from tenants.models import AuditEntry
from tests.billing.conftest import Shop


def test_a_plan_without_the_feature_names_the_cheapest_that_has_it(shop: Shop) -> None:
    answer = entitlements.allows(shop.tenant, "own_domains")
    assert (answer.allowed, answer.reason, answer.plan) == (False, "not_in_plan", "free")
    assert answer.cheapest is not None
    assert answer.cheapest.key == "team"  # two seats cost less than Pro
    assert answer.words == "Free does not include a domain of your own. Team does."


def test_what_is_bought_is_allowed_at_once_and_says_why(shop: Shop) -> None:
    entitlements.allows(shop.tenant, "own_domains")  # is remembered
    shop.buy("pro")
    answer = entitlements.allows(shop.tenant, "own_domains")
    assert (answer.allowed, answer.reason, answer.cheapest) == (True, "plan", None)
    assert entitlements.limit(shop.tenant, "links").limit.value == 1_000


def test_a_limit_names_the_cheapest_plan_with_more(shop: Shop) -> None:
    found = entitlements.limit(shop.tenant, "links")
    assert found.limit.value == 10
    assert found.cheapest is not None
    assert found.cheapest.key == "team"
    shop.buy("business")
    assert entitlements.limit(shop.tenant, "links").cheapest is None


def test_what_nobody_sells_is_an_error_of_the_program(shop: Shop) -> None:
    with pytest.raises(KeyError, match="the catalogue has own_domains"):
        entitlements.allows(shop.tenant, "magic")
    with pytest.raises(KeyError, match="No meter"):
        entitlements.limit(shop.tenant, "magic")


def test_a_lower_layer_asks_without_knowing_of_plans(shop: Shop) -> None:
    with pytest.raises(features.FeatureRefused, match=r"Team does\."):
        features.require(shop.tenant, "own_domains")
    features.require(shop.tenant, "what nobody sells")
    owner = shop.tenant.memberships.get(role="owner").user
    with pytest.raises(claims.Refused, match="does not include a domain of your own"):
        claims.add(shop.tenant, "links.example.com", by=owner)


def test_another_process_sees_a_change_within_a_second(shop: Shop) -> None:
    """The rows change behind this process's back, as when another one changed them."""
    assert not entitlements.allows(shop.tenant, "own_domains").allowed
    Account.objects.filter(tenant=shop.tenant).update(plan_key="pro")
    begun = time.monotonic()
    while not entitlements.allows(shop.tenant, "own_domains").allowed:
        assert time.monotonic() - begun < 1.0
        time.sleep(0.05)


def test_an_answer_asks_nobody_while_it_is_fresh(
    shop: Shop, django_assert_num_queries: Callable[..., object]
) -> None:
    entitlements.allows(shop.tenant, "own_domains")
    with django_assert_num_queries(0):  # type: ignore[attr-defined]
        for _ in range(100):
            entitlements.allows(shop.tenant, "own_domains")
            entitlements.limit(shop.tenant, "links")


def test_while_the_database_is_away_the_last_answer_holds(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.buy("pro")
    entitlements.allows(shop.tenant, "own_domains")
    monkeypatch.setattr(asking._remembered, "_kept", {
        key: (until - 5, held) for key, (until, held) in asking._remembered._kept.items()
    })  # fmt: skip # five seconds go by

    def away(*args: object, **kwargs: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(asking.holding, "of_tenant", away)
    monkeypatch.setattr(asking, "is_away", lambda error: True)
    assert entitlements.allows(shop.tenant, "own_domains").allowed


# Grants


SOON = timedelta(days=5)


def test_a_granted_plan_holds_until_its_end_and_costs_nothing(shop: Shop) -> None:
    now = datetime.now(UTC)
    entitlements.give(shop.tenant, plan="business", until=now + SOON, reason="a test", by=None)
    assert shop.limit("links") == 10_000
    assert limits.of_plan(shop.tenant)["clicks"].price is None
    assert entitlements.allows(shop.tenant, "own_domains").reason == "grant"
    assert shop.account.plan_key == "free"  # nobody pays
    entitlements.end_due(now=now + SOON)
    assert shop.limit("links") == 10
    assert not StaffGrant.objects.filter(tenant=shop.tenant, is_settled=False).exists()
    actions = AuditEntry.objects.filter(tenant=shop.tenant).values_list("action", flat=True)
    assert {"grant.given", "grant.ended"} <= set(actions)


def test_a_granted_feature_is_allowed_and_its_end_comes_by_the_periodic_check(shop: Shop) -> None:
    now = datetime.now(UTC)
    entitlements.give(shop.tenant, feature="own_domains", until=now + SOON, reason="x", by=None)
    assert entitlements.allows(shop.tenant, "own_domains").reason == "grant"
    StaffGrant.objects.filter(tenant=shop.tenant).update(ends_at=now)
    upkeep.ask_stripe()
    assert not entitlements.allows(shop.tenant, "own_domains").allowed


def test_a_grant_below_what_is_paid_for_takes_nothing_away(shop: Shop) -> None:
    shop.buy("business")
    until = datetime.now(UTC) + SOON
    entitlements.give(shop.tenant, plan="pro", until=until, reason="x", by=None)
    assert shop.limit("links") == 10_000
    assert limits.of_plan(shop.tenant)["clicks"].price is not None


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"plan": "magic"}, "no plan magic"),
        ({"feature": "magic"}, "no feature magic"),
        ({}, "a plan or a feature"),
        ({"plan": "pro", "feature": "own_domains"}, "a plan or a feature"),
        ({"plan": "pro", "reason": " "}, "Say why"),
        ({"plan": "pro", "until": datetime(2020, 1, 1, tzinfo=UTC)}, "in the past"),
    ],
)
def test_what_cannot_be_granted_is_said(shop: Shop, what: dict[str, object], words: str) -> None:
    given = {"until": datetime.now(UTC) + SOON, "reason": "x", "by": None, **what}
    with pytest.raises(entitlements.NotGranted, match=words):
        entitlements.give(shop.tenant, **given)  # type: ignore[arg-type]


def test_an_operator_grants_by_a_command(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    said = ["--until", "2099-01-01", "--reason", "They helped us"]
    call_command("grant", shop.tenant.slug, "--feature", "own_domains", *said)
    assert "own_domains for" in capsys.readouterr().out
    assert entitlements.allows(shop.tenant, "own_domains").reason == "grant"
    with pytest.raises(CommandError, match="no plan magic"):
        call_command("grant", shop.tenant.slug, "--plan", "magic", *said)
    with pytest.raises(CommandError, match="No workspace is called nobody"):
        call_command("grant", "nobody", "--plan", "pro", *said)


# Add-ons


@pytest.fixture
def more_links(monkeypatch: pytest.MonkeyPatch) -> catalogue.AddOn:
    module = import_module(f"{settings.PRODUCT_APP}.catalogue")
    add_on = catalogue.AddOn(
        key="more_links",
        name="More links",
        summary="",
        prices={"month": {"usd": 5_00, "eur": 5_00}},
        adds={"links": 500},
        custom_domains=1,
    )
    monkeypatch.setattr(module, "ADD_ONS", [add_on], raising=False)
    return add_on


def test_an_add_on_adds_to_the_plan(shop: Shop, more_links: catalogue.AddOn) -> None:
    shop.buy("pro")
    row = shop.tenant.subscriptions.get()
    row.add_ons = {"more_links": 2, "one that nobody knows": 1}
    row.save()
    with_both = entitlements.apply(shop.account)
    assert with_both.custom_domains() == 3
    assert shop.limit("links") == 2_000
    asked = entitlements.limit(shop.tenant, "links")
    assert (asked.limit.value, asked.reason) == (2_000, "add_on")
    assert replace(with_both, add_ons={}).limits()["links"].value == 1_000
