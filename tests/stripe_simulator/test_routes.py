"""What is real at Stripe and not simulated is said (501), never taken for something else."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from djstripe import models

from tests.stripe_simulator.conftest import World, web
from tests.stripe_simulator.test_djstripe import KEY, mirrored  # noqa: F401 (fixture)

KEYED = {"Authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/customers/search"),
        ("GET", "/v1/prices/search"),
        ("GET", "/v1/products/search"),
        ("GET", "/v1/invoices/search"),
        ("GET", "/v1/subscriptions/search"),
        ("POST", "/v1/invoices/create_preview"),
    ],
)
def test_a_literal_segment_is_not_taken_for_an_id(world: World, method: str, path: str) -> None:
    asked = {"query": "name:'x'"} if method == "GET" else {}
    answer = web.request(method, f"{world.url}{path}", params=asked, headers=KEYED)
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
