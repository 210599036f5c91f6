"""A plan with less room: what is above it is named before, and stays readable but cannot grow after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

import pytest
import stripe as sdk
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from billing import catalogue, entitlements
from metering import Limit
from tenants.domains.models import CustomDomain, State
from tests.billing.conftest import Shop
from tests.billing.subscriptions.clocked import clocked
from tests.events.log import events_database, log, postgres_events, store_kind  # noqa: F401

pytestmark = pytest.mark.usefixtures("log")
ROOM = {
    "pro": {"links": Limit(2), "storage": Limit(10), "seats": Limit(1)},
    "business": {"links": Limit(5), "storage": Limit(10_000), "seats": Limit(3)},
}


@pytest.fixture
def small_plans(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two links, ten bytes and one seat on Pro; more on Business."""
    edited = tuple(
        replace(plan, limits={**plan.limits, **ROOM.get(plan.key, {})})
        for plan in catalogue.plans()
    )
    monkeypatch.setattr(import_module(f"{settings.PRODUCT_APP}.catalogue"), "PLANS", edited)
    yield
    entitlements.forget_all()


def new_link(shop: Shop, number: int) -> int:
    form = {"target_url": f"https://example.com/{number}", "code": f"kept{number}"}
    return shop.owner.post("/links/new/", form).status_code


def new_file(shop: Shop, name: str) -> int:
    upload = SimpleUploadedFile(name, b"x" * 20, content_type="text/plain")
    return shop.owner.post("/files/", {"file": upload}).status_code


def test_it_is_named_before_and_readable_but_not_growable_after(
    small_plans: None, shop: Shop, stripe: sdk.StripeClient, settle
) -> None:
    books = clocked(shop, stripe).buy("business")
    assert [new_link(shop, number) for number in range(4)] == [302] * 4
    assert new_file(shop, "kept.txt") in (200, 302, 303)
    for name in ("go.example.com", "also.example.com"):
        CustomDomain.objects.create(
            tenant=shop.tenant, name=name, state=State.SERVED, proved_at=timezone.now()
        )
    settle()
    page = shop.look(plan="pro")
    assert "What is more than Pro includes" in page
    named = page.split('id="overhang"')[1].split("</section>")[0]
    row = '>{}</th><td data-label="You have" class="table__num">{}</td>'
    for words in (
        row.format("Links", 4),
        row.format("Storage", "20 bytes"),
        row.format("Seats", 2),
        "Everybody stays",
        "also.example.com: in service for 14 days more",
    ):
        assert words in named, named
    assert "go.example.com" not in named
    shop.confirm(page)
    assert new_link(shop, 4) == 302  # what is paid for is there until the period ends
    books.renew()
    assert (shop.account.plan_key, shop.limit("links")) == ("pro", 2)
    listed = shop.owner.get("/links/").content.decode()
    assert all(f"/kept{number}" in listed for number in range(5))
    assert shop.owner.get("/kept1").status_code == 302
    assert new_link(shop, 5) == 402
    assert "kept.txt" in shop.owner.get("/files/").content.decode()
    assert new_file(shop, "more.txt") == 402
    invited = {"email": "new@acme.example", "role": "member"}
    assert shop.owner.post("/members/invite/", invited).status_code == 402
    assert shop.member.get("/links/").status_code == 200
    dropped = CustomDomain.objects.get(tenant=shop.tenant, name="also.example.com")
    assert (dropped.state, dropped.stops_at is not None) == (State.SERVED, True)


def test_what_fits_is_not_named(shop: Shop) -> None:
    shop.buy("business")
    assert "What is more than" not in shop.look(plan="pro")
