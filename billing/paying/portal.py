"""Stripe's customer portal: the second way, on Stripe's own pages.

What is changed there arrives as any other change at Stripe does: by the return, a webhook or the check.
Plans are changed on our pages alone, where the exact amount is shown before.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import stripe

from billing.models import Account
from billing.stripe_client import client
from billing.subscriptions import customers
from billing.subscriptions.cancelling import REASONS
from identity.models import User
from tenants import workspace_url

_OURS = "plg_portal"  # metadata key of the configuration that we made; its value tells the version
_FEATURES: dict[str, Any] = {
    "customer_update": {
        "enabled": True,
        "allowed_updates": ["name", "email", "address", "tax_id"],
    },
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {
        "enabled": True,
        "mode": "at_period_end",
        "cancellation_reason": {"enabled": True, "options": list(REASONS)},
    },
}
_MOST = 100


class NoCustomer(Exception):
    """The workspace has never paid, so Stripe has no page for it."""


def visit(account: Account) -> str:
    """The address of the portal for this workspace's customer, good for some minutes.

    Raises NoCustomer, stripe.StripeError.
    """
    return _open(account, back="/billing/portal/return/")


def card_page(account: Account, *, user: User) -> str:
    """The address of the page on which a card is set, with its bank's confirmation where that asks; it
    becomes the one that is charged. Makes the customer where there is none. Raises stripe.StripeError."""
    account = customers.ensure(account, user=user)
    back = workspace_url(account.tenant, "/billing/payment-methods/return/")
    flow = {
        "type": "payment_method_update",
        "after_completion": {"type": "redirect", "redirect": {"return_url": back}},
    }
    return _open(account, back="/billing/payment-methods/", flow=flow)


def _open(account: Account, *, back: str, flow: dict[str, Any] | None = None) -> str:
    if account.stripe_customer_id is None:
        raise NoCustomer
    wanted: Any = {
        "customer": account.stripe_customer_id,
        "configuration": _configuration(),
        "return_url": workspace_url(account.tenant, back),
    }
    if flow:
        wanted["flow_data"] = flow
    return str(client().v1.billing_portal.sessions.create(wanted).url)


def _configuration() -> str:
    """The id of our configuration of the portal, made where Stripe has none of this version."""
    version = hashlib.sha256(json.dumps(_FEATURES, sort_keys=True).encode()).hexdigest()[:16]
    listed = client().v1.billing_portal.configurations.list({"active": True, "limit": _MOST})
    for each in listed.data:
        if each.metadata and _OURS in each.metadata and each.metadata[_OURS] == version:
            return str(each.id)
    new: Any = {"features": _FEATURES, "metadata": {_OURS: version}}
    key = {"idempotency_key": f"portal-{version}"}
    made: stripe.billing_portal.Configuration = client().v1.billing_portal.configurations.create(
        new,
        key,  # type: ignore[arg-type] # a dict is what it takes
    )
    return str(made.id)
