"""A workspace's one customer at Stripe, also when somebody has deleted it there."""

from __future__ import annotations

import stripe
import structlog
from django.db import transaction

from billing.models import Account
from billing.stripe_client import client
from identity.models import User
from tenants import audit

log = structlog.get_logger()


def is_deleted(customer_id: str) -> bool:
    """Whether Stripe says that this customer was deleted. Raises stripe.StripeError.

    One that Stripe does not know at all is not: with the key of another account none is known.
    """
    return bool(getattr(client().v1.customers.retrieve(customer_id), "deleted", False))


@transaction.atomic
def ensure(account: Account, *, user: User) -> Account:
    """The account with a customer who can pay; made where there is none. Raises stripe.StripeError.

    The row's lock lets the second click wait for the first; the idempotency key gives the same
    customer if we die before we write it down.
    """
    account = Account.objects.locked(account.pk)
    former = account.stripe_customer_id
    if former is not None and _is_there(account, former):
        return account
    tenant, former_checkout = account.tenant, account.checkout_session_id
    # A workspace that has bought before had another customer: then the key is a new one, too.
    key = f"customer-{tenant.pk}" + (f"-{former_checkout}" if former_checkout else "")
    customer = client().v1.customers.create(
        {"metadata": {"tenant": str(tenant.pk)}}, {"idempotency_key": key}
    )
    # Apart from `create`: who pays may differ between two tries, the key's request must not.
    client().v1.customers.update(customer.id, {"email": user.email, "name": tenant.name})
    account.stripe_customer_id = customer.id
    account.checkout_open = False
    account.save(update_fields=["stripe_customer_id", "checkout_open", "updated_at"])
    return account


@transaction.atomic
def forget_deleted(account: Account) -> bool:
    """Let go of a customer that was deleted at Stripe, so that the next purchase makes another and
    charges wait for it. False when it is there. Raises stripe.StripeError."""
    account = Account.objects.locked(account.pk)
    former = account.stripe_customer_id
    if former is None or not is_deleted(former):
        return False
    account.stripe_customer_id = None
    account.checkout_open = False
    account.save(update_fields=["stripe_customer_id", "checkout_open", "updated_at"])
    audit.note(account.tenant, "customer.deleted_at_stripe", by=None, target=former)
    log.warning("billing.customer_deleted", stripe=former, tenant=str(account.tenant_id))
    return True


def _is_there(account: Account, customer_id: str) -> bool:
    try:
        return not is_deleted(customer_id)
    except stripe.InvalidRequestError as error:
        # Of another account of Stripe's (a new key, the simulator before). Who pays there keeps it.
        if error.code != "resource_missing" or account.has_subscription:
            raise
        return False
