"""Customer balance: https://docs.stripe.com/api/customer_balance_transactions."""

from stripe_simulator.errors import invalid
from stripe_simulator.events import emit
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.balances import move_balance
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json

_KIND = "customer_balance_transaction"
_PATH = "/v1/customers/{customer}/balance_transactions"


@route("POST", _PATH, honours="amount currency description metadata")
def create(call: Call) -> Json:
    """Credit (negative) or debit the customer; the next invoice takes it."""
    customer = call.state.require("customer", call.path["customer"], param="customer")
    before = present(call.state, customer)
    currency = call.params["currency"].lower()
    if customer["currency"] not in (None, currency):
        raise invalid(f"The customer's currency is {customer['currency']}.", "currency")
    customer["currency"] = currency
    made = move_balance(
        call.state,
        customer,
        call.params["amount"],
        currency=currency,
        type="adjustment",
        description=call.params.get("description"),
    )
    if made is None:
        raise invalid("Invalid non-zero integer", "amount")
    merge_metadata(made, call.params)
    call.state.save(made)
    emit(call.state, "customer.updated", customer, before=before)
    return made


@route("GET", f"{_PATH}/{{transaction}}")
def retrieve(call: Call) -> Json:
    return call.state.require(_KIND, call.path["transaction"], param="transaction")


@route("GET", _PATH, honours=f"{PAGING} invoice")
def list_all(call: Call) -> Json:
    customer, invoice = call.path["customer"], call.params.get("invoice")
    call.state.require("customer", customer, param="customer")
    return page(call, _KIND, {"customer": customer, "invoice": invoice})
