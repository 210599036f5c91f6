"""Who picked a paid plan before signing up is led to it, once and without being pushed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress

from tenants.models import Tenant
from tests.billing.conftest import Shop


@pytest.fixture
def picked(shop: Shop) -> Shop:
    shop.tenant.intent = "pro"
    shop.tenant.save()
    return shop


def home(shop: Shop) -> str:
    return shop.owner.get("/").content.decode()


def test_the_first_page_leads_to_checkout_for_the_picked_plan(picked: Shop) -> None:
    assert "Continue to Pro" in home(picked)
    answer = picked.owner.post("/billing/checkout/", {"plan": "pro", "interval": "month"})
    assert answer.status_code == 303


def test_it_is_gone_once_a_plan_is_bought_and_stays_gone(picked: Shop) -> None:
    picked.buy("business")
    assert "Continue to Pro" not in home(picked)
    assert Tenant.objects.get(pk=picked.tenant.pk).intent == ""


def test_it_can_be_dismissed(
    picked: Shop, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = picked.owner.post("/billing/intent/forget/")
    assert answer["Location"] == "/"
    assert "Continue to Pro" not in home(picked)


def test_a_member_who_cannot_buy_is_not_asked(picked: Shop) -> None:
    assert "Continue to Pro" not in picked.member.get("/").content.decode()
    assert picked.member.post("/billing/intent/forget/").status_code == 403


def test_who_has_not_verified_the_address_is_told_so(picked: Shop, people: SimpleNamespace) -> None:
    EmailAddress.objects.filter(user=people.acme_owner).update(verified=False)
    page = home(picked)
    assert "Once your address is verified you can go on" in page
    assert "Continue to Pro" not in page


@pytest.mark.parametrize("intent", ["", "free", "a-plan-that-never-was"])
def test_nothing_is_shown_when_there_is_nothing_to_buy(shop: Shop, intent: str) -> None:
    shop.tenant.intent = intent
    shop.tenant.save()
    assert "You picked" not in home(shop)
