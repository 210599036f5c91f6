"""Subscriptions: https://docs.stripe.com/api/subscriptions/object."""

from typing import Any

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.subscription_items import items_of
from stripe_simulator.presentation import present, presenter
from stripe_simulator.shapes import Json, list_object, shape
from stripe_simulator.store import State

ENDED = ("canceled", "incomplete_expired")


def new_subscription(
    state: State,
    customer: Json,
    *,
    currency: str,
    payment_method: str | None,
    params: dict[str, Any],
) -> Json:
    """An incomplete subscription without items. `params` may carry description and metadata."""
    kind, now = stripe.Subscription, state.now()
    subscription = shape(
        kind,
        id=new_id("sub"),
        automatic_tax=shape(kind.AutomaticTax, enabled=False),
        billing_cycle_anchor=now,
        billing_mode={"flexible": {"proration_discounts": "included"}, "type": "flexible"},
        billing_schedules=[],
        cancel_at_period_end=False,
        cancellation_details=shape(kind.CancellationDetails),
        collection_method="charge_automatically",
        created=now,
        currency=currency,
        customer=customer["id"],
        default_payment_method=payment_method,
        default_tax_rates=[],
        description=params.get("description") or None,
        discounts=[],
        invoice_settings=shape(kind.InvoiceSettings, issuer={"type": "self"}),
        items=None,
        livemode=False,
        metadata={},
        payment_settings=shape(kind.PaymentSettings, save_default_payment_method="off"),
        start_date=now,
        status="incomplete",
        test_clock=customer["test_clock"],
        trial_settings={"end_behavior": {"missing_payment_method": "create_invoice"}},
    )
    merge_metadata(subscription, params)
    return state.save(subscription)


@presenter("subscription")
def _present(state: State, subscription: Json) -> Json:
    items = [present(state, item) for item in items_of(state, subscription["id"])]
    url = f"/v1/subscription_items?subscription={subscription['id']}"
    return subscription | {"items": list_object(items, url=url)}


def period_end(state: State, subscription: Json) -> int:
    """When the period that was last paid for ends: the latest of the items' ends."""
    items = items_of(state, subscription["id"])
    return max(int(item["current_period_end"]) for item in items)
