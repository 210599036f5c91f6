"""Webhooks: signed as Stripe signs, in order, again until answered, and again on request."""

import pytest
import stripe

from .conftest import SECRET, App, World, eventually, web


def test_a_webhook_carries_a_signature_that_the_sdk_accepts(world: World) -> None:
    made = world.customer(card=None)
    body, headers = eventually(lambda: world.app.heard)[0]
    event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], SECRET)  # type: ignore[no-untyped-call]
    assert (event.type, event.data.object["id"]) == ("customer.created", made.id)
    assert headers["Host"] == f"app.localhost:{world.app.port}"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + " ", headers["Stripe-Signature"], SECRET)  # type: ignore[no-untyped-call]


def test_every_event_of_a_checkout_arrives_once_and_in_order(world: World) -> None:
    session = world.checkout(customer=world.customer(card=None).id)
    world.pay(session)
    eventually(lambda: "customer.subscription.created" in world.app.types)
    recorded = [event.id for event in reversed(world.client.v1.events.list({"limit": 100}).data)]
    heard = [event["id"] for event in world.app.events]
    assert heard == [id for id in recorded if id in set(heard)]
    assert len(heard) == len(set(heard))
    assert world.app.types[-1] == "customer.subscription.created"


def test_an_event_equals_what_the_api_gives_for_it(world: World) -> None:
    world.customer(card=None)
    sent = eventually(lambda: world.app.events)[0]
    fetched = world.client.v1.events.retrieve(sent["id"]).to_dict()
    assert fetched["data"]["object"]["id"] == sent["data"]["object"]["id"]
    assert sent["request"]["id"].startswith("req_")


def test_an_update_tells_what_it_was_before(world: World) -> None:
    made = world.customer(card=None, name="Ada")
    world.client.v1.customers.update(made.id, {"name": "Grace"})
    changed = eventually(lambda: [e for e in world.app.events if e["type"] == "customer.updated"])
    assert changed[0]["data"]["previous_attributes"] == {"name": "Ada"}


def test_an_event_that_was_refused_comes_again_and_others_meanwhile(world: World) -> None:
    refusals = iter([True])
    world.app.refuses = lambda event: event["type"] == "customer.created" and next(refusals, False)
    world.customer(card=None)
    world.client.v1.products.create({"name": "Meanwhile"})
    eventually(lambda: world.app.types.count("customer.created") == 2)
    assert world.app.types == ["customer.created", "product.created", "customer.created"]
    assert world.app.events[0]["id"] == world.app.events[2]["id"]


def test_resend_delivers_the_same_event_again(world: World) -> None:
    world.customer(card=None)
    event = eventually(lambda: world.app.events)[0]
    answer = web.post(f"{world.url}/events/{event['id']}/resend")
    assert answer.status_code == 303
    eventually(lambda: len(world.app.heard) == 2)
    assert world.app.events[1]["id"] == event["id"]


def test_an_endpoint_hears_only_what_it_asked_for(world: World) -> None:
    other = App()
    made = world.client.v1.webhook_endpoints.create(
        {"url": other.url, "enabled_events": ["product.created"]}
    )
    assert made.secret
    world.customer(card=None)
    world.client.v1.products.create({"name": "Heard"})
    eventually(lambda: other.types == ["product.created"])
    body, headers = other.heard[0]
    stripe.Webhook.construct_event(body, headers["Stripe-Signature"], made.secret)  # type: ignore[no-untyped-call]
    shown = world.client.v1.webhook_endpoints.retrieve(made.id)
    assert "secret" not in shown.to_dict()
    assert world.client.v1.webhook_endpoints.delete(made.id).deleted
    other.close()


def test_the_dashboard_lists_everything_and_where_each_event_is(world: World) -> None:
    made = world.customer(card=None, name="Dashing Customer")
    eventually(lambda: world.app.heard)
    session = world.checkout(customer=made.id)
    world.pay(session)
    page = web.get(f"{world.url}/")
    assert page.status_code == 200
    for text in ("Dashing Customer", "active", "customer.created", "delivered", "Resend"):
        assert text in page.text
