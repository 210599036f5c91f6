"""Subscriptions: https://docs.stripe.com/api/subscriptions/object."""

from typing import Any

import stripe

from stripe_simulator.errors import NotSimulated
from stripe_simulator.identifiers import new_id
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.subscription_items import items_of
from stripe_simulator.presentation import present, presenter
from stripe_simulator.shapes import Json, list_object, shape
from stripe_simulator.store import State

ENDED = ("canceled", "incomplete_expired")
RENEWING = ("active", "past_due", "trialing", "unpaid")


def new_subscription(
    state: State,
    customer: Json,
    *,
    currency: str,
    payment_method: str | None,
    params: dict[str, Any],
    anchor: int,
) -> Json:
    """An incomplete subscription without items. `params` are those of the API route."""
    kind, now = stripe.Subscription, state.now()
    automatic_tax = bool((params.get("automatic_tax") or {}).get("enabled"))
    settings = {"save_default_payment_method": "off"} | (params.get("payment_settings") or {})
    subscription = shape(
        kind,
        id=new_id("sub"),
        automatic_tax=shape(
            kind.AutomaticTax,
            enabled=automatic_tax,
            liability={"type": "self"} if automatic_tax else None,
        ),
        billing_cycle_anchor=anchor,
        billing_mode=billing_mode(params),
        billing_schedules=[],
        cancel_at_period_end=False,
        cancellation_details=shape(kind.CancellationDetails),
        collection_method="charge_automatically",
        created=now,
        currency=currency,
        customer=customer["id"],
        default_payment_method=payment_method,
        default_tax_rates=[
            state.require("tax_rate", rate, param="default_tax_rates", status=400)
            for rate in params.get("default_tax_rates") or []
        ],
        description=params.get("description") or None,
        discounts=[],
        invoice_settings=shape(kind.InvoiceSettings, issuer={"type": "self"}),
        items=None,
        livemode=False,
        metadata={},
        payment_settings=shape(kind.PaymentSettings, **settings),
        start_date=now,
        status="incomplete",
        test_clock=customer["test_clock"],
        trial_settings=params.get("trial_settings")
        or {"end_behavior": {"missing_payment_method": "create_invoice"}},
    )
    merge_metadata(subscription, params)
    return state.save(subscription)


def billing_mode(params: dict[str, Any]) -> Json:
    """`flexible` unless `classic` is asked for, as since API version 2025-09-30."""
    mode: Json = params.get("billing_mode") or {"type": "flexible"}
    if mode["type"] == "classic":
        return shape(stripe.Subscription.BillingMode, type="classic")
    flexible = {"proration_discounts": "included"} | (mode.get("flexible") or {})
    if flexible["proration_discounts"] != "included":
        raise NotSimulated(
            "Discounts of prorations on lines of their own",
            param="billing_mode[flexible][proration_discounts]",
        )
    return {"flexible": flexible, "type": "flexible"}


def is_flexible(subscription: Json) -> bool:
    return bool(subscription["billing_mode"]["type"] == "flexible")


@presenter("subscription")
def _present(state: State, subscription: Json) -> Json:
    items = [present(state, item) for item in items_of(state, subscription["id"])]
    url = f"/v1/subscription_items?subscription={subscription['id']}"
    return subscription | {"items": list_object(items, url=url)}


def period_end(state: State, subscription: Json) -> int:
    """When the period that was last paid for ends: the latest of the items' ends."""
    items = items_of(state, subscription["id"])
    return max((int(item["current_period_end"]) for item in items), default=state.now())


def next_boundary(state: State, subscription: Json) -> int | None:
    """When the next item's period ends; None without items."""
    items = items_of(state, subscription["id"])
    return min((int(item["current_period_end"]) for item in items), default=None)
