"""How the webhook endpoint is: in the settings, at Stripe."""

from __future__ import annotations

from uuid import uuid4

import pytest

from billing.webhooks import inbox, webhook_state
from tests.billing.conftest import SECRET


@pytest.fixture
def endpoint(stripe, db, settings):  # type: ignore[no-untyped-def]
    """Ours, there and here."""
    settings.STRIPE_WEBHOOK_UUID, settings.STRIPE_WEBHOOK_SECRET = str(uuid4()), SECRET
    url = inbox.url()
    made = stripe.v1.webhook_endpoints.create(
        {"url": url, "enabled_events": ["*"], "api_version": settings.STRIPE_API_VERSION}
    )
    yield made
    stripe.v1.webhook_endpoints.delete(made.id)


def says() -> list[str]:
    return [trouble.says for trouble in webhook_state.examine().troubles]


def test_an_endpoint_that_is_known_here_and_there_is_fine(endpoint):
    assert says() == []


def test_settings_without_secret_and_address_are_found_without_asking_stripe(db, settings):
    settings.STRIPE_WEBHOOK_UUID = settings.STRIPE_WEBHOOK_SECRET = ""
    settings.STRIPE_API_HOST = "http://127.0.0.1:1"
    assert len(says()) == 2


def test_an_endpoint_that_stripe_does_not_have_is_found(endpoint, settings):
    settings.STRIPE_WEBHOOK_UUID = str(uuid4())
    (found,) = says()
    assert found.startswith("Stripe has no endpoint http")


def test_an_endpoint_that_is_switched_off_or_hears_too_little_is_found(endpoint, stripe):
    change = {"disabled": True, "enabled_events": ["invoice.paid"]}
    stripe.v1.webhook_endpoints.update(endpoint.id, change)
    off, deaf = says()
    assert "is disabled at Stripe" in off
    assert "customer.subscription.updated" in deaf


def test_another_version_is_to_be_looked_at(endpoint, settings):
    settings.STRIPE_API_VERSION = "2030-01-01.later"
    (trouble,) = webhook_state.examine().troubles
    assert "2030-01-01.later" in trouble.says
    assert not trouble.is_serious
