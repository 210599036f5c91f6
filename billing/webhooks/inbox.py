"""Where Stripe's news come in: believed by their signature, stored once, and worked off later.

dj-stripe's own inbox is not used, nor its handlers: they act on a live account by themselves (news of a
deleted customer make them send a DELETE to Stripe), ask Stripe four times for each invoice while it waits
for an answer, and answer 500 to events of the newer kind, which Stripe then repeats for days.
"""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any
from uuid import UUID

import stripe
import structlog
from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from billing.models import InboxEvent

log = structlog.get_logger()

LARGEST = 1024**2  # bytes; Stripe's events have some thousand
TOLERANCE = 300  # seconds that a signature may be old, or ahead of our clock
# What moves a subscription, its payment or its invoices; of anything else that comes only the fact is kept.
_ACTED_ON = (
    "charge.dispute.",
    "charge.refund",
    "checkout.session.",
    "customer.deleted",
    "customer.discount.",
    "customer.subscription.",
    "customer.updated",
    "credit_note.",
    "invoice.",
    "payment_method.",
    "refund.",
    "subscription_schedule.",
)
# About a charge, and not about a customer: whose it is, a worker finds out (`webhooks.whose`).
OF_A_CHARGE = ("charge.dispute.", "charge.refund.", "refund.")
WANTED = (  # what the endpoint at Stripe must send
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.refunded",
    "checkout.session.completed",
    "credit_note.created",
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.subscription.trial_will_end",
    "invoice.paid",
    "invoice.payment_failed",
    "refund.created",
    "refund.failed",
    "refund.updated",
    "subscription_schedule.updated",
)


class NotBelieved(Exception):
    """It is not signed by Stripe, too old, or no event; why."""


def address(uuid: UUID) -> str:
    """The path on the site host that Stripe posts to."""
    return reverse("stripe:webhook", urlconf=settings.PUBLIC_SCHEMA_URLCONF, args=[uuid])


def url() -> str | None:
    """The whole address, None while STRIPE_WEBHOOK_UUID is not set."""
    if not settings.STRIPE_WEBHOOK_UUID:
        return None
    return f"{settings.SITE_URL}{address(UUID(settings.STRIPE_WEBHOOK_UUID))}"


def receive(body: bytes, *, signature: str, now: float | None = None) -> bool:
    """Store what Stripe posted; False when it is known, or nothing is to be done about it.

    Raises NotBelieved; then nothing is kept.
    """
    return store(_believed(body, signature, now or time.time()))


def store(event: dict[str, Any]) -> bool:
    """Store an event, as JSON has it; False when it is known, or nothing is to be done about it."""
    row = _row(event, now=timezone.now())
    # In a transaction of its own, so that this commits at once also where a request is one.
    with transaction.atomic():
        InboxEvent.objects.bulk_create([row], ignore_conflicts=True)
    return row.due_at is not None


def _believed(body: bytes, signature: str, now: float) -> dict[str, Any]:
    secret = settings.STRIPE_WEBHOOK_SECRET
    if not secret:
        raise NotBelieved("STRIPE_WEBHOOK_SECRET is not set")
    try:
        text = body.decode()
        stripe.WebhookSignature.verify_header(text, signature, secret, TOLERANCE)
        event = json.loads(text)
    except stripe.SignatureVerificationError as error:
        raise NotBelieved(str(error)) from None
    except ValueError:
        raise NotBelieved("it is no JSON") from None
    if _time_of(signature) > now + TOLERANCE:
        raise NotBelieved("its signature is of a time to come")
    if not isinstance(event, dict) or not isinstance(event.get("id"), str) or not event["id"]:
        raise NotBelieved("it is no event")
    return event


def _time_of(signature: str) -> int:
    """Of one that was verified: its "t"."""
    return next(int(part[2:]) for part in signature.split(",") if part.startswith("t="))


def _row(event: dict[str, Any], *, now: datetime) -> InboxEvent:
    kind, about = str(event.get("type", "")), _about(event)
    customer = about.get("id") if about.get("object") == "customer" else about.get("customer")
    if isinstance(customer, dict):
        customer = customer.get("id")
    outcome = _not_acted_on(event, kind, customer)
    return InboxEvent(
        stripe_id=_text(event["id"], 255),
        type=_text(kind, 100),
        customer=_text(customer, 255),
        about=_text(about.get("id"), 255),
        due_at=None if outcome else now,
        outcome=outcome,
    )


def _text(value: object, most: int) -> str:
    """As a column can hold it: PostgreSQL keeps no NUL."""
    return str(value or "").replace("\x00", "")[:most]


def _about(event: dict[str, Any]) -> dict[str, Any]:
    """The object of an event; of a thin one ("v2.core.event") only what it names."""
    data = event.get("data")
    thing = data.get("object") if isinstance(data, dict) else event.get("related_object")
    return thing if isinstance(thing, dict) else {}


def _not_acted_on(event: dict[str, Any], kind: str, customer: object) -> str:
    if bool(event.get("livemode")) != settings.STRIPE_LIVE_MODE:
        return "of the other mode (live or test)"
    if not kind.startswith(_ACTED_ON):
        return "nothing to do"
    return "" if customer or kind.startswith(OF_A_CHARGE) else "about no customer"
