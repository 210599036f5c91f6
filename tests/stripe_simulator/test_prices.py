"""Products and prices, and the lookup keys by which an app finds its prices."""

import pytest
import stripe

from .conftest import World


def test_a_price_is_found_by_its_lookup_key(world: World) -> None:
    made = world.price(lookup_key="found-month")
    world.price(lookup_key="found-other")
    found = world.client.v1.prices.list({"lookup_keys": ["found-month", "found-year"]})
    assert [price.id for price in found.data] == [made.id]
    assert found.data[0].unit_amount == 2900


def test_a_lookup_key_belongs_to_one_price(world: World) -> None:
    world.price(lookup_key="single")
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        world.price(3900, lookup_key="single")


def test_a_lookup_key_moves_when_asked_to(world: World) -> None:
    old = world.price(lookup_key="moving")
    new = world.price(3900, lookup_key="moving", transfer_lookup_key=True)
    assert world.client.v1.prices.retrieve(old.id).lookup_key is None
    found = world.client.v1.prices.list({"lookup_keys": ["moving"]})
    assert [price.id for price in found.data] == [new.id]


def test_a_product_is_made_with_its_own_identifier_once(world: World) -> None:
    params: dict[str, str] = {"id": "plan-pro", "name": "Pro"}
    assert world.client.v1.products.create(params).id == "plan-pro"  # type: ignore[arg-type]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        world.client.v1.products.create(params)  # type: ignore[arg-type]
    assert refused.value.code == "resource_already_exists"


def test_a_product_with_prices_is_archived_and_not_deleted(world: World) -> None:
    product = str(world.price().product)
    with pytest.raises(stripe.InvalidRequestError, match="cannot be deleted"):
        world.client.v1.products.delete(product)
    assert not world.client.v1.products.update(product, {"active": False}).active


def test_a_price_of_fractions_of_a_cent_keeps_them(world: World) -> None:
    made = world.client.v1.prices.create(
        {"currency": "usd", "product_data": {"name": "Calls"}, "unit_amount_decimal": "0.05"}  # type: ignore[typeddict-item]
    )
    assert made.unit_amount is None
    assert str(made.unit_amount_decimal) == "0.05"
    assert made.type == "one_time"


def test_an_archived_price_is_not_sold(world: World) -> None:
    price = world.price()
    world.client.v1.prices.update(price.id, {"active": False})
    with pytest.raises(stripe.InvalidRequestError, match="only accepts active prices"):
        world.checkout(line_items=[{"price": price.id, "quantity": 1}])
