"""An endpoint of a workspace, and a program behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from outbound import webhooks
from outbound.simulators.webhook_endpoint import WebhookEndpointSimulator


@pytest.fixture
def program() -> Iterator[WebhookEndpointSimulator]:
    with WebhookEndpointSimulator() as simulator:
        yield simulator


@pytest.fixture
def made(acme, people, settings, program):
    """The endpoint and its secret."""
    settings.OUTBOUND_AT_ONCE = False
    return webhooks.add(
        tenant_id=acme.pk, url=program.url, names=["Member Joined"], by=people.acme_owner.pk
    )


@pytest.fixture
def endpoint(made):
    return made[0]
