"""Customers: https://docs.stripe.com/api/customers."""

from typing import Any

import stripe

from stripe_simulator.events import emit
from stripe_simulator.identifiers import new_id, token
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.presentation import inclusion, present
from stripe_simulator.shapes import Json, list_object, shape
from stripe_simulator.store import State

FIELDS = "address description email name phone preferred_locales shipping tax_exempt"


WRITABLE = f"{FIELDS} balance invoice_settings metadata"


def create_customer(state: State, **params: Any) -> Json:
    """A new customer, with its event. `params` are those of the API route."""
    customer = shape(
        stripe.Customer,
        id=new_id("cus"),
        balance=0,
        created=state.now(),
        delinquent=False,
        invoice_prefix=token(8).upper(),
        invoice_settings=shape(stripe.Customer.InvoiceSettings),
        livemode=False,
        metadata={},
        next_invoice_sequence=1,
        preferred_locales=[],
        tax_exempt="none",
        test_clock=params.get("test_clock"),
    )
    apply(customer, params)
    state.save(customer)
    emit(state, "customer.created", customer)
    return customer


@inclusion("customer.sources")
def _sources(state: State, customer: Json) -> list[Json] | Json:
    """Sources and bank accounts are not simulated: nobody has any."""
    return list_object([], url=f"/v1/customers/{customer['id']}/sources")


@inclusion("customer.tax_ids")
def _tax_ids(state: State, customer: Json) -> Json:
    found = state.select("tax_id", {"customer": customer["id"]})
    return list_object(found, url=f"/v1/customers/{customer['id']}/tax_ids")


@inclusion("customer.subscriptions")
def _subscriptions(state: State, customer: Json) -> Json:
    running = [
        present(state, subscription)
        for subscription in state.select("subscription", {"customer": customer["id"]})
        if subscription["status"] != "canceled"
    ]
    return list_object(running, url=f"/v1/customers/{customer['id']}/subscriptions")


def apply(customer: Json, params: dict[str, Any]) -> None:
    for name in [*FIELDS.split(), "balance"]:
        if name in params:
            customer[name] = params[name] or None if name != "balance" else params[name]
    for name, value in (params.get("invoice_settings") or {}).items():
        customer["invoice_settings"][name] = value or None
    merge_metadata(customer, params)
