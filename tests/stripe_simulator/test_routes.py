"""What is real at Stripe and not simulated is said (501), never taken for something else."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from djstripe import models

from tests.stripe_simulator.conftest import World, web
from tests.stripe_simulator.test_djstripe import KEY, mirrored  # noqa: F401 (fixture)

KEYED = {"Authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize("kind", ["customers", "prices", "products", "invoices", "subscriptions"])
def test_a_literal_segment_is_not_taken_for_an_id(world: World, kind: str) -> None:
    asked = {"query": "metadata['workspace']:'acme'"}
    answer = web.get(f"{world.url}/v1/{kind}/search", params=asked, headers=KEYED)
    assert answer.json()["object"] == "search_result", answer.text


def test_a_literal_segment_that_is_not_simulated_is_said_aloud(world: World) -> None:
    answer = web.post(f"{world.url}/v1/invoices/in_1/attach_payment", headers=KEYED)
    assert answer.status_code == 501, answer.text
    assert "does not simulate" in answer.json()["error"]["message"]


def test_an_address_that_stripe_does_not_have_is_unknown(world: World) -> None:
    assert web.get(f"{world.url}/v1/teapots/search", headers=KEYED).status_code == 404


def test_no_account_is_connected(world: World) -> None:
    assert world.client.v1.accounts.list().data == []


@pytest.mark.django_db
def test_dj_stripe_copies_what_is_there(mirrored: World) -> None:  # noqa: F811
    customer, price = mirrored.customer(card=None), mirrored.price(2900)
    call_command("djstripe_sync_models", "Account", "Customer", "Product", "Price", verbosity=0)
    assert models.Customer.objects.filter(id=customer.id).exists()
    assert models.Price.objects.filter(id=price.id).exists()
