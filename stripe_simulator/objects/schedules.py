"""Subscription schedules: https://docs.stripe.com/api/subscription_schedules."""

from typing import Any

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.subscriptions import billing_mode
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State

KIND = stripe.SubscriptionSchedule


def new_schedule(
    state: State,
    customer: Json,
    *,
    phases: list[Json],
    subscription: Json | None,
    params: dict[str, Any],
) -> Json:
    """A schedule with phases as `new_phase` makes them; active when it has its subscription."""
    first = phases[0]
    mode = subscription["billing_mode"] if subscription else billing_mode(params)
    schedule = shape(
        KIND,
        id=new_id("sub_sched"),
        billing_mode=mode,
        created=state.now(),
        current_phase=_span(first) if subscription else None,
        customer=customer["id"],
        default_settings=shape(
            KIND.DefaultSettings,
            automatic_tax={"disabled_reason": None, "enabled": False, "liability": None},
            billing_cycle_anchor="automatic",
            collection_method="charge_automatically",
            default_payment_method=(params.get("default_settings") or {}).get(
                "default_payment_method"
            ),
            invoice_settings=shape(KIND.DefaultSettings.InvoiceSettings, issuer={"type": "self"}),
        ),
        end_behavior=params.get("end_behavior", "release"),
        livemode=False,
        metadata={},
        phases=phases,
        status="active" if subscription else "not_started",
        subscription=subscription["id"] if subscription else None,
        test_clock=customer["test_clock"],
    )
    merge_metadata(schedule, params)
    return state.save(schedule)


def new_phase(
    *, start: int, end: int, items: list[Json], currency: str, params: dict[str, Any]
) -> Json:
    """A phase [start, end). `items` have price, quantity (None when metered) and metadata."""
    made = [
        shape(
            KIND.Phase.Item,
            discounts=[],
            metadata=item.get("metadata") or {},
            plan=item["price"],
            price=item["price"],
            quantity=item.get("quantity"),
            tax_rates=[],
        )
        for item in items
    ]
    return shape(
        KIND.Phase,
        add_invoice_items=[],
        currency=currency,
        description=params.get("description") or None,
        discounts=[
            {"coupon": None, "discount": None, "promotion_code": None} | one
            for one in params.get("discounts") or []
        ],
        end_date=end,
        items=made,
        metadata=params.get("metadata") or {},
        proration_behavior=params.get("proration_behavior", "create_prorations"),
        start_date=start,
        trial_end=params.get("trial_end"),
    )


def _span(phase: Json) -> Json:
    return {"end_date": phase["end_date"], "start_date": phase["start_date"]}


def enter(schedule: Json, phase: Json | None) -> None:
    """Name the phase that is on (unsaved); None: none is any more."""
    schedule["current_phase"] = _span(phase) if phase else None
