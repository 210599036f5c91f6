"""Search, in Stripe's query language."""

from __future__ import annotations

import pytest
import stripe

from .conftest import World


@pytest.fixture
def people(world: World) -> World:
    for name, plan in (("Ada Lovelace", "pro"), ("Grace Hopper", "pro"), ("Alan Turing", "free")):
        email = f"{name.split()[0].lower()}@example.com"
        world.customer(card=None, name=name, email=email, metadata={"plan": plan})
    return world


def found(world: World, query: str) -> list[str | None]:
    listed = world.client.v1.customers.search({"query": query}).data
    return sorted((one.name or "").split()[0] for one in listed)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name:'ada lovelace'", ["Ada"]),
        ("name~'hop'", ["Grace"]),
        ("metadata['plan']:'pro'", ["Ada", "Grace"]),
        ("metadata['plan']:'pro' AND -email:'ada@example.com'", ["Grace"]),
        ('email:"ada@example.com" OR email:"alan@example.com"', ["Ada", "Alan"]),
        ("created>1 AND phone:null", ["Ada", "Alan", "Grace"]),
        ("created<1", []),
        ("name:'it\\'s nobody'", []),
    ],
)
def test_a_query_finds_what_it_says(people: World, query: str, names: list[str]) -> None:
    assert found(people, query) == names


@pytest.mark.parametrize(
    "query",
    [
        "",
        "name",
        "name:ada",
        "balance:0",
        "name>'a'",
        "name~'ad'",
        "metadata:'pro'",
        "metadata['a\"b']:'pro'",
        "name:'a' AND email:'b' OR phone:'c'",
        "name:'x'; DROP TABLE objects",
    ],
)
def test_a_query_that_says_nothing_is_refused(people: World, query: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        found(people, query)
    assert refused.value.http_status == 400


def test_results_come_page_by_page(people: World) -> None:
    first = people.client.v1.customers.search({"query": "metadata['plan']:'pro'", "limit": 1})
    assert first.has_more
    assert len(list(first.auto_paging_iter())) == 2


def test_subscriptions_invoices_prices_and_products_are_searched(world: World) -> None:
    made = world.subscription(2900, metadata={"workspace": "acme"})
    api = world.client.v1
    subscriptions = api.subscriptions.search({"query": "metadata['workspace']:'acme'"}).data
    assert [one.id for one in subscriptions] == [made.id]
    query = f"subscription:'{made.id}' AND total>=2900"
    assert api.invoices.search({"query": query}).data[0].id == made.latest_invoice
    assert api.products.search({"query": "name:'plan at 2900' AND active:'true'"}).data
    assert api.prices.search({"query": "type:'recurring' AND lookup_key:null"}).data
    assert api.charges.search({"query": "refunded:'false' AND amount:2900"}).data
