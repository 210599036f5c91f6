"""Tax rates and tax IDs: https://docs.stripe.com/api/tax_rates, https://docs.stripe.com/api/tax_ids."""

from typing import Any

import stripe

from stripe_simulator.errors import invalid, no_such
from stripe_simulator.events import emit
from stripe_simulator.identifiers import new_id
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call, route
from stripe_simulator.rules.taxing import country_of, is_magic, new_rate, verification_of
from stripe_simulator.shapes import Json, shape

_UPDATABLE = "active country description display_name jurisdiction metadata state tax_type"


@route("POST", "/v1/tax_rates", honours=f"{_UPDATABLE} inclusive percentage")
def create_rate(call: Call) -> Json:
    if not 0 <= call.params["percentage"] <= 100:
        raise invalid("Must be between 0 and 100.", "percentage")
    given: dict[str, Any] = {
        k: v for k, v in call.params.items() if k not in ("expand", "metadata")
    }
    rate = new_rate(call.state, **given)
    merge_metadata(rate, call.params)
    call.state.save(rate)
    emit(call.state, "tax_rate.created", rate)
    return rate


@route("GET", "/v1/tax_rates/{tax_rate}")
def retrieve_rate(call: Call) -> Json:
    return call.state.require("tax_rate", call.path["tax_rate"], param="tax_rate")


@route("POST", "/v1/tax_rates/{tax_rate}", honours=_UPDATABLE)
def update_rate(call: Call) -> Json:
    rate = retrieve_rate(call)
    before = present(call.state, rate)
    rate |= {key: value for key, value in call.params.items() if key not in ("expand", "metadata")}
    merge_metadata(rate, call.params)
    call.state.save(rate)
    emit(call.state, "tax_rate.updated", rate, before=before)
    return rate


@route("GET", "/v1/tax_rates", honours=f"{PAGING} active inclusive")
def list_rates(call: Call) -> Json:
    where = {name: call.params.get(name) for name in ("active", "inclusive")}
    return page(call, "tax_rate", where)


@route("POST", "/v1/customers/{customer}/tax_ids", honours="type value")
def create_id(call: Call) -> Json:
    customer = call.state.require("customer", call.path["customer"], param="customer")
    type, value = call.params["type"], call.params["value"].strip().upper()
    country = country_of(type, value)
    if country is None and not is_magic(type, value):
        raise invalid(f"Invalid value for {type}.", "value", code="tax_id_invalid")
    made = shape(
        stripe.TaxId,
        id=new_id("txi"),
        country=country,
        created=call.now,
        customer=customer["id"],
        livemode=False,
        owner={"customer": customer["id"], "type": "customer"},
        type=type,
        value=value,
        verification=verification_of(type, value, name=customer["name"]),
    )
    call.state.save(made)
    emit(call.state, "customer.tax_id.created", made)
    return made


@route("GET", "/v1/customers/{customer}/tax_ids/{id}")
def retrieve_id(call: Call) -> Json:
    found = call.state.require("tax_id", call.path["id"])
    if found["customer"] != call.path["customer"]:
        raise no_such("tax_id", call.path["id"])
    return found


@route("GET", "/v1/tax_ids/{id}")
def retrieve_by_itself(call: Call) -> Json:
    return call.state.require("tax_id", call.path["id"])


@route("DELETE", "/v1/customers/{customer}/tax_ids/{id}")
def delete_id(call: Call) -> Json:
    found = retrieve_id(call)
    call.state.remove("tax_id", found["id"])
    emit(call.state, "customer.tax_id.deleted", found)
    return {"id": found["id"], "object": "tax_id", "deleted": True}


@route("GET", "/v1/customers/{customer}/tax_ids", honours=PAGING)
def list_ids(call: Call) -> Json:
    call.state.require("customer", call.path["customer"], param="customer")
    return page(call, "tax_id", {"customer": call.path["customer"]})
