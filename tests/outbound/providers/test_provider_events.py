"""What the provider tells through its webhook: once each, in any order, only from who knows the secret."""

from __future__ import annotations

import base64
import json
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.test import Client

from outbound.models import Message, MessageEvent, State, Suppression
from tests.outbound.writing import fresh, send

PATH = "/hooks/mail/tracking/"
SECRET = "provider:secret"


@pytest.fixture(autouse=True)
def postmark(db, settings):
    settings.MAIL_PROVIDER = "postmark"
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "POSTMARK_SERVER_TOKEN": "x"}


@pytest.fixture
def row(db):
    row = send("account", to="ada@example.org")
    changed = {"state": "sent", "sealed": "", "provider_id": f"pm-{uuid4()}"}
    Message.objects.filter(pk=row.pk).update(**changed)
    return fresh(row)


def tell(body: dict, *, secret: str = SECRET):
    client = Client(headers={"host": django_settings.SITE_DOMAIN}, enforce_csrf_checks=True)
    headers = {"authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
    return client.post(
        PATH, json.dumps(body), content_type="application/json", headers=headers if secret else {}
    )


def delivered(row) -> dict:
    return {
        "RecordType": "Delivery",
        "MessageID": row.provider_id,
        "Recipient": row.address,
        "DeliveredAt": "2026-11-30T05:00:00Z",
        "Details": "250 taken",
    }


def bounced(row, *, kind: str = "HardBounce", code: int = 1) -> dict:
    return {
        "RecordType": "Bounce",
        "ID": 4323372036854775807,
        "Type": kind,
        "TypeCode": code,
        "MessageID": row.provider_id,
        "Email": row.address,
        "BouncedAt": "2026-11-30T05:01:00Z",
        "Description": "The mailbox does not exist",
    }


def complained(row) -> dict:
    return {**bounced(row), "ID": 5, "RecordType": "SpamComplaint", "Type": "SpamComplaint"}


def test_a_delivery_is_noted(row):
    assert tell(delivered(row)).status_code == 200
    assert fresh(row).state == State.DELIVERED
    assert row.events.get().kind == "delivered"


def test_what_is_told_twice_is_noted_once(row):
    for _ in range(3):
        assert tell(delivered(row)).status_code == 200
        assert tell(bounced(row)).status_code == 200
    assert MessageEvent.objects.count() == 2


@pytest.mark.parametrize("order", [(delivered, bounced), (bounced, delivered)])
def test_in_any_order_what_is_worse_wins(row, order):
    for body in order:
        tell(body(row))
    assert (fresh(row).state, fresh(row).reason) == (State.BOUNCED, "bounced")


def test_after_a_bounce_the_address_gets_no_more(row):
    tell(bounced(row))
    again = send("account", to="ADA@example.org")
    from outbound.running import Runner

    Runner().one_pass()
    assert (fresh(again).state, fresh(again).reason) == (State.SKIPPED, "suppressed_bounce")


def test_a_mailbox_that_is_full_today_is_not_suppressed(row):
    tell(bounced(row, kind="SoftBounce", code=4096))
    assert not Suppression.objects.exists()


def test_a_complaint_is_for_good(row):
    tell(complained(row))
    assert fresh(row).state == State.COMPLAINED
    assert Suppression.objects.get().until is None


def test_what_was_unknown_is_settled_by_the_provider(row):
    Message.objects.filter(pk=row.pk).update(state="unknown", reason="worker_gone", provider_id="")
    body = {**delivered(row), "MessageID": "pm-new", "Metadata": {"message": str(row.pk)}}
    tell(body)
    assert fresh(row).state == State.DELIVERED


def test_an_event_of_a_message_that_is_not_ours_is_kept_and_changes_nothing(row):
    assert tell({**delivered(row), "MessageID": "pm-other"}).status_code == 200
    assert fresh(row).state == State.SENT
    assert MessageEvent.objects.get().message is None


@pytest.mark.parametrize("secret", ["", "provider:guess", ":"])
def test_who_does_not_know_the_secret_changes_nothing(row, secret):
    assert tell(delivered(row), secret=secret).status_code == 400
    assert fresh(row).state == State.SENT
    assert not MessageEvent.objects.exists()


@pytest.mark.parametrize(
    ("provider", "secret"), [("", SECRET), ("postmark", ""), ("nobody", SECRET)]
)
def test_without_a_provider_or_a_secret_nobody_is_there(row, settings, provider, secret):
    settings.MAIL_PROVIDER = provider
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": secret}
    assert tell(delivered(row)).status_code == 404
    assert not MessageEvent.objects.exists()


def test_a_get_tells_nothing(row):
    client = Client(headers={"host": django_settings.SITE_DOMAIN})
    assert client.get(PATH).status_code == 405
