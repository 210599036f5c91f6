"""One module per Stripe resource: its routes, its shape, how it is presented.

Importing this package registers every route. What spans several resources is in `rules/`.
"""

from stripe_simulator.resources import (
    account,
    balance_transactions,
    charges,
    checkout_sessions,
    coupons,
    customers,
    events,
    invoice_items,
    invoice_payments,
    invoices,
    payment_intents,
    payment_methods,
    prices,
    products,
    subscription_items,
    subscription_schedules,
    subscriptions,
    test_clocks,
    webhook_endpoints,
)

__all__ = [
    "account",
    "balance_transactions",
    "charges",
    "checkout_sessions",
    "coupons",
    "customers",
    "events",
    "invoice_items",
    "invoice_payments",
    "invoices",
    "payment_intents",
    "payment_methods",
    "prices",
    "products",
    "subscription_items",
    "subscription_schedules",
    "subscriptions",
    "test_clocks",
    "webhook_endpoints",
]
