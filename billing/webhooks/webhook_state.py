"""How our webhook endpoint is, here and at Stripe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import stripe
from django.conf import settings

from billing.stripe_client import client
from billing.webhooks import inbox

_PAGE = 100  # endpoints in one answer; an account has 16 at most


@dataclass(frozen=True)
class Trouble:
    says: str
    do: str
    is_serious: bool = True  # else it works, and should be looked at


@dataclass
class WebhookState:
    url: str
    version: str
    troubles: list[Trouble] = field(default_factory=list)


def examine() -> WebhookState:
    """Ask settings, our table and Stripe. Never raises for what Stripe says."""
    state = WebhookState(url="", version=settings.STRIPE_API_VERSION)
    state.troubles += _of_settings()
    if state.troubles:
        return state
    state.url = settings.SITE_URL + inbox.address(UUID(settings.STRIPE_WEBHOOK_UUID))
    state.troubles += _at_stripe(state.url)
    return state


def _of_settings() -> Iterator[Trouble]:
    try:
        UUID(settings.STRIPE_WEBHOOK_UUID)
    except ValueError:
        yield Trouble(
            "STRIPE_WEBHOOK_UUID is no UUID: there is no address for webhooks",
            "Make a random one (uuidgen), set it, and run manage.py sync_catalogue.",
        )
    if not settings.STRIPE_WEBHOOK_SECRET.startswith("whsec_"):
        yield Trouble(
            "STRIPE_WEBHOOK_SECRET is no signing secret (whsec_…): no webhook is believed",
            "Copy it from the endpoint's page in Stripe's dashboard.",
        )


def _at_stripe(url: str) -> Iterator[Trouble]:
    try:
        listed = client().v1.webhook_endpoints.list({"limit": _PAGE}).data
    except stripe.StripeError as error:
        yield Trouble(
            f"Stripe cannot be asked: {error.user_message or error}",
            "Look at STRIPE_SECRET_KEY (it needs to read webhook endpoints) and at the network.",
        )
        return
    endpoint = next((each for each in listed if each.url == url), None)
    if endpoint is None:
        yield Trouble(
            f"Stripe has no endpoint {url}",
            "Add it in Stripe's dashboard, or correct SITE_DOMAIN and STRIPE_WEBHOOK_UUID.",
        )
        return
    yield from _of_endpoint(endpoint)


def _of_endpoint(endpoint: Any) -> Iterator[Trouble]:
    if endpoint.status != "enabled":
        yield Trouble(
            f"the endpoint is {endpoint.status} at Stripe: it has failed for days, or somebody "
            "switched it off",
            "Enable it in Stripe's dashboard.",
        )
    version = endpoint.api_version
    if version and version != settings.STRIPE_API_VERSION:
        yield Trouble(
            f"Stripe sends version {version}, the code is written for "
            f"{settings.STRIPE_API_VERSION}",
            "Make the endpoint anew with that version (it cannot be changed), then set its secret.",
            is_serious=False,
        )
    missing = set(inbox.WANTED) - set(endpoint.enabled_events)
    if missing and "*" not in endpoint.enabled_events:
        yield Trouble(
            f"the endpoint does not get {', '.join(sorted(missing))}",
            "Add these events to it in Stripe's dashboard.",
        )
