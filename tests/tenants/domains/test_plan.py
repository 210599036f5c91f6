"""How many domains: by the plan, with a grace when it shrinks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from billing import catalogue, entitlements
from billing.models import Account
from tenants import hosts
from tenants.domains import allowance, checking, claims
from tenants.domains.models import PLAN_GRACE, Because, CustomDomain, State
from tests.tenants.domains.conftest import NAME


def on_plan(tenant, key: str) -> None:
    account = Account.objects.get(tenant=tenant)
    account.plan_key = key
    account.save()
    entitlements.apply(account)
    tenant.refresh_from_db()


def test_the_free_plan_has_none(acme, people):
    with pytest.raises(claims.Refused, match="does not include"):
        claims.add(acme, NAME, by=people.acme_owner)


def test_a_paid_plan_has_as_many_as_the_catalogue_says(acme, people):
    on_plan(acme, "pro")
    assert acme.domain_limit == catalogue.plan("pro").custom_domains == 1
    claims.add(acme, NAME, by=people.acme_owner)
    with pytest.raises(claims.Refused, match="includes 1"):
        claims.add(acme, "other.acme-corp.com", by=people.acme_owner)


def test_a_downgrade_stops_it_after_a_grace_and_an_upgrade_brings_it_back(
    acme, people, proved, django_capture_on_commit_callbacks
):
    on_plan(acme, "pro")
    claim = proved(claims.add(acme, NAME, by=people.acme_owner))
    with django_capture_on_commit_callbacks(execute=True):
        on_plan(acme, "free")
    claim.refresh_from_db()
    assert claim.is_served
    assert "It works until" in mail.outbox[-1].body
    assert hosts.tenant_for(NAME) == acme

    checking.check_due(now=timezone.now() + PLAN_GRACE + timedelta(minutes=1))
    claim.refresh_from_db()
    assert (claim.state, claim.stopped_because) == (State.STOPPED, Because.PLAN)
    assert hosts.tenant_for(NAME) is None

    on_plan(acme, "pro")
    checking.check_due()
    claim.refresh_from_db()
    assert claim.state == State.SERVED
    assert hosts.tenant_for(NAME) == acme


def test_an_upgrade_within_the_grace_changes_nothing(acme, people, proved):
    on_plan(acme, "pro")
    claim = proved(claims.add(acme, NAME, by=people.acme_owner))
    on_plan(acme, "free")
    on_plan(acme, "business")
    claim.refresh_from_db()
    assert claim.stops_at is None


def test_the_primary_domain_and_the_oldest_stay(acme, people, proved):
    on_plan(acme, "business")
    first, second = (
        proved(claims.add(acme, f"{label}.acme-corp.com", by=people.acme_owner))
        for label in ("one", "two")
    )
    claims.make_primary(second, redirects=False, by=people.acme_owner)
    on_plan(acme, "pro")
    going = CustomDomain.objects.for_tenant(acme).exclude(stops_at=None)
    assert [claim.name for claim in going] == [first.name]


def test_proving_more_than_the_plan_has_serves_no_more(acme, people, proved):
    on_plan(acme, "business")
    claim = claims.add(acme, NAME, by=people.acme_owner)
    on_plan(acme, "free")
    claim = proved(claim)
    assert (claim.state, claim.stopped_because) == (State.STOPPED, Because.PLAN)


def test_the_catalogue_s_change_reaches_everybody(acme):
    allowance.set_allowed(acme, 7)
    assert entitlements.refresh() == 1
    acme.refresh_from_db()
    assert acme.domain_limit == 0
    assert entitlements.refresh() == 0
