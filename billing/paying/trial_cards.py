"""The card of a trial that began without one: kept in Checkout's setup mode, so that the same subscription
goes on, with the days that are left of its trial.

Stripe keeps the card with the customer; to let it pay is ours ("payments/checkout/subscriptions/
update-payment-details"). Return page, webhook and periodic check all do it, once.
"""

from __future__ import annotations

import stripe
from django.db import transaction

from billing.models import LIVE, Account
from billing.paying import payment_methods
from billing.stripe_client import client
from billing.subscriptions import cancelling, subscription
from billing.subscriptions.open_checkout import noted
from identity.models import User
from tenants import audit


@transaction.atomic
def take_up(account: Account, *, by: User | None = None) -> bool:
    """Let the card of the account's open checkout pay, where one was kept in it; who wants to keep what
    they try takes a cancellation back with it. False: there is none, or it was taken up before.

    `sync` afterwards writes down what has come of it. Raises stripe.StripeError.
    """
    if not account.checkout_open:
        return False
    account = Account.objects.locked(account.pk)
    if not account.checkout_open:
        return False  # somebody was faster
    session = client().v1.checkout.sessions.retrieve(account.checkout_session_id)
    if session.mode != "setup" or session.status != "complete":
        return False
    card = _card(session)
    if card is None or _id(session.customer) != account.stripe_customer_id:
        return False
    _keep_on(account, session)
    if payment_methods.make_default(account, card):
        audit.note(account.tenant, "payment_method.made_default", by=by)
    account.checkout_open = False
    account.save(update_fields=["checkout_open", "updated_at"])
    return True


def _keep_on(account: Account, session: stripe.checkout.Session) -> None:
    current = subscription.newest(account.stripe_customer_id)
    if current is None or current.status not in LIVE or noted(session, "keeps") != current.id:
        return
    if kept := cancelling.taken_back(current):
        said: dict[str, object] = kept
        client().v1.subscriptions.update(current.id, said)  # type: ignore[arg-type] # as it takes it


def _card(session: stripe.checkout.Session) -> str | None:
    intent = client().v1.setup_intents.retrieve(_id(session.setup_intent) or "")
    return _id(intent.payment_method)


def _id(thing: object) -> str | None:
    return thing if thing is None or isinstance(thing, str) else str(thing.id)  # type: ignore[attr-defined]
