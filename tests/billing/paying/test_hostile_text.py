"""Names, codes and reasons that want to be markup, headers or formulas: on pages, in mails, at Stripe."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from email import message_from_bytes
from typing import Any
from uuid import uuid4

import pytest
import stripe as sdk
from django.core import mail
from django.test import Client

from billing.models import Account
from billing.subscriptions import subscription
from tests.billing.conftest import Shop

SCRIPT = "<script>alert(1)</script>"
HOSTILE = f"=1+1{SCRIPT}\u202e\x07{{{{ 7*7 }}}}"
HEADER = "\r\nBcc: all@evil.example"


def is_inert(page: str) -> None:
    assert "<script>alert" not in page
    assert "49" not in page.split("=1+1", 1)[-1][:80], "a template was run"


@pytest.fixture
def hostile(shop: Shop) -> Shop:
    shop.tenant.name = HOSTILE[:60]
    shop.tenant.save()
    return shop


def test_a_hostile_name_is_text_in_every_mail_and_on_every_page(
    hostile: Shop, stripe: sdk.StripeClient, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    type(hostile.tenant).objects.filter(pk=hostile.tenant.pk).update(name=HOSTILE[:40] + HEADER)
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):
        hostile.buy("pro")
        hostile.owner.post("/billing/cancel/")
        hostile.owner.post("/billing/resume/")
    assert len(mail.outbox) >= 3
    for letter in mail.outbox:
        sent = message_from_bytes(letter.message().as_bytes())
        assert sent["Bcc"] is None
        assert letter.recipients() == ["owner@acme.example"]
        html = "".join(str(part.content) for part in letter.alternatives)
        assert SCRIPT not in html
    for path in ("/billing/", "/billing/cancellation/", "/billing/details/", "/settings/audit/"):
        is_inert(hostile.owner.get(path).content.decode())


def test_a_hostile_reason_goes_to_stripe_and_the_audit_log_as_text(
    hostile: Shop, stripe: sdk.StripeClient
) -> None:
    hostile.buy("pro")
    why = {"reason": "other", "comment": f"{HOSTILE}\x00{HEADER}"}
    assert hostile.owner.post("/billing/cancellation/", why).status_code == 302
    details = stripe.v1.subscriptions.retrieve(
        hostile.account.subscription_id or ""
    ).cancellation_details
    assert details
    assert (details.comment or "").startswith("=1+1<script>")
    assert "\x00" not in (details.comment or "")
    is_inert(hostile.owner.get("/settings/audit/").content.decode())
    answer = hostile.owner.get("/settings/audit/audit-log.csv")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row), row


@pytest.mark.parametrize(
    "code", [HOSTILE, "\x00", "'; DROP TABLE x; --", "=cmd|'/c calc'!A1", "x" * 5_000, HEADER]
)
def test_a_hostile_code_is_refused_in_words(shop: Shop, code: str) -> None:
    shop.buy("pro")
    choice = {"plan": "pro", "interval": "month", "code": code}
    answer = shop.owner.get("/billing/change/", choice)
    assert answer.status_code in (400, 422), answer.status_code
    is_inert(answer.content.decode())


def test_a_hostile_coupon_of_stripe_is_shown_as_text(
    shop: Shop, stripe: sdk.StripeClient, client_for: Callable[..., Client]
) -> None:
    shop.buy("pro")
    made = stripe.v1.coupons.create(
        {"id": f"c_{uuid4().hex}", "percent_off": 10, "duration": "forever", "name": HOSTILE[:40]}
    )
    stripe.v1.subscriptions.update(
        shop.account.subscription_id or "", {"discounts": [{"coupon": made.id}]}
    )
    subscription.sync(shop.account, origin=Account.Origin.EVENT)
    page = shop.page()
    is_inert(page)
    assert "=1+1&lt;script&gt;" in page
    is_inert(shop.owner.get("/settings/audit/").content.decode())
