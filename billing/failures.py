"""What passes by itself, and what does not: the two are told apart wherever we talk to Stripe.

An outage is left for the next try. Anything else would fail the same way each time: it is noted with
the account that it is about, and the work goes on with the others.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from typing import Any

import stripe
import structlog
from django.db import InterfaceError, OperationalError
from redis.exceptions import RedisError

from billing.models import Account

log = structlog.get_logger()
# Stripe cannot be reached, has trouble of its own (5xx) or wants us to wait; or a part of ours is away.
PASSING: tuple[type[Exception], ...] = (
    stripe.APIConnectionError,
    stripe.RateLimitError,
    OperationalError,
    InterfaceError,
    RedisError,
    OSError,
)
_ERROR_LENGTH = 300


def passes(error: Exception) -> bool:
    """Whether the same thing may work in a while, with nobody doing anything."""
    if isinstance(error, OSError) and error.errno == errno.EOVERFLOW:
        return False  # a time that no calendar has, from whoever said it
    if isinstance(error, stripe.StripeError):
        # 409: the same is being done at this moment, by a try of before.
        is_theirs = (error.http_status or 0) >= 500 or error.http_status == 409
        return is_theirs or isinstance(error, PASSING)
    return isinstance(error, PASSING)


def each(accounts: Iterable[Account], do: Callable[[Account], Any], *, what: str) -> int:
    """Do it for every account; one that fails is noted and does not end the work for the others.

    Returns how many were tried.
    """
    tried = 0
    for account in accounts:
        tried += 1
        try:
            do(account)
        except Exception as error:
            note(account, error, what=what)
    return tried


def note(account: Account, error: Exception, *, what: str) -> None:
    """Write down why an account could not be brought up to date, outside of its own transaction."""
    passing = passes(error)
    said = log.warning if passing else log.exception
    said(what, stripe=account.stripe_customer_id, tenant=str(account.tenant_id), error=repr(error))
    if not passing:
        rows = Account.objects.filter(pk=account.pk)
        rows.update(trouble=f"{what}: {error!r}"[:_ERROR_LENGTH], must_ask=True)
        rows.filter(tries__lt=Account.MOST_TRIES).update(tries=account.tries + 1)
