"""Search: https://docs.stripe.com/search."""

from stripe_simulator.registry import Call, route
from stripe_simulator.search import search
from stripe_simulator.shapes import Json

_HONOURED = "limit page query"


@route("GET", "/v1/charges/search", honours=_HONOURED)
def charges(call: Call) -> Json:
    return search(call, "charge")


@route("GET", "/v1/customers/search", honours=_HONOURED)
def customers(call: Call) -> Json:
    return search(call, "customer")


@route("GET", "/v1/invoices/search", honours=_HONOURED)
def invoices(call: Call) -> Json:
    return search(call, "invoice")


@route("GET", "/v1/payment_intents/search", honours=_HONOURED)
def payment_intents(call: Call) -> Json:
    return search(call, "payment_intent")


@route("GET", "/v1/prices/search", honours=_HONOURED)
def prices(call: Call) -> Json:
    return search(call, "price")


@route("GET", "/v1/products/search", honours=_HONOURED)
def products(call: Call) -> Json:
    return search(call, "product")


@route("GET", "/v1/subscriptions/search", honours=_HONOURED)
def subscriptions(call: Call) -> Json:
    return search(call, "subscription")
