"""The one open checkout of a workspace: closed, so that nobody can pay in it, or found to have run out."""

from __future__ import annotations

from contextlib import suppress

import stripe
from django.db import transaction

from billing.models import LIVE, Account
from billing.stripe_client import client


class AlreadySubscribed(Exception):
    """There is a subscription (perhaps paid in another tab): change that one instead."""


@transaction.atomic
def forget_expired(account: Account) -> None:
    """Note that the open checkout has run out, which Stripe says a day after it began.

    Raises stripe.StripeError.
    """
    account = Account.objects.locked(account.pk)
    if account.checkout_open:
        session = client().v1.checkout.sessions.retrieve(account.checkout_session_id)
        account.checkout_open = session.status == "open"
        account.save(update_fields=["checkout_open", "updated_at"])


@transaction.atomic
def close_open(account: Account) -> None:
    """Let nobody pay in the open checkout any more; one that was paid meanwhile is left as it is.

    Raises stripe.StripeError.
    """
    account = Account.objects.locked(account.pk)
    with suppress(AlreadySubscribed):
        close(account)
    account.checkout_open = False
    account.save(update_fields=["checkout_open", "updated_at"])


def close(account: Account) -> None:
    """The same for an account that is held; saves nothing.

    Raises AlreadySubscribed when somebody has paid a moment ago, stripe.StripeError.
    """
    if account.checkout_open:
        close_session(client().v1.checkout.sessions.retrieve(account.checkout_session_id))


def close_session(session: stripe.checkout.Session) -> None:
    """Make sure that nobody can pay in this session any more.

    Raises AlreadySubscribed when somebody has, a moment ago; a card that was kept is none.
    """
    if session.status == "open":
        try:
            client().v1.checkout.sessions.expire(session.id)
        except stripe.InvalidRequestError as error:
            raise AlreadySubscribed from error
    elif session.status == "complete" and session.subscription:
        bought = client().v1.subscriptions.retrieve(str(session.subscription))
        if bought.status in LIVE:
            raise AlreadySubscribed


def noted(session: stripe.checkout.Session, key: str) -> str | None:
    """What was written with the session."""
    return session.metadata[key] if session.metadata and key in session.metadata else None
