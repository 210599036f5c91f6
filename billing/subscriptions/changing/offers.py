"""An offer: a change as it was shown, signed, for a quarter of an hour.

It is bound to the workspace, to the subscription's state and to what was shown to the cent, and holds the
instant that prorations count from. Who confirms it gets that or a new offer, nothing else.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from typing import Any

import stripe
from django.core import signing

from billing.subscriptions import scheduled
from billing.subscriptions.changing.asking import Bill
from billing.subscriptions.changing.wanted import Wanted, item_of
from tenants.models import Tenant

LASTS = 15 * 60  # seconds
_SALT = "billing.change"


class NotOffered(Exception):
    """The offer was never made, or not to this workspace, or too long ago. `choice` is what it was about,
    where it was ours: {"plan", "interval", "currency", "seats", "code"}."""

    def __init__(self, words: str, choice: dict[str, str] | None = None) -> None:
        super().__init__(words)
        self.choice = choice


@dataclass(frozen=True)
class Offer:
    """`state` and `bill` are hashes; `at` seconds since 1970. `nonce`: to look again after a card was
    declined is another intent, which Stripe must not answer as it answered the first."""

    tenant: str
    state: str
    plan: str
    interval: str
    currency: str
    seats: int
    price: str
    when: str
    code: str
    promotion_code: str
    bill: str
    at: int | None
    nonce: str

    @property
    def choice(self) -> dict[str, str]:
        """As a form says it."""
        return {
            "plan": self.plan,
            "interval": self.interval,
            "currency": self.currency,
            "seats": str(self.seats),
            "code": self.code,
        }

    @property
    def key(self) -> str:
        """The idempotency key of the change: made from all that is meant."""
        said = json.dumps(asdict(self), sort_keys=True)
        return f"change-{hashlib.sha256(said.encode()).hexdigest()[:40]}"


def offer(
    tenant: Tenant,
    current: stripe.Subscription,
    wanted: Wanted,
    *,
    bill: Bill | None,
    at: int | None,
) -> Offer:
    """The offer of a change that was asked about."""
    choice = wanted.choice
    return Offer(
        tenant=str(tenant.pk),
        state=state(current),
        plan=choice.plan.key,
        interval=choice.interval,
        currency=choice.currency,
        seats=choice.seats,
        price=wanted.price.id,
        when=wanted.when,
        code=wanted.code.text if wanted.code else "",
        promotion_code=wanted.code.promotion_code if wanted.code else "",
        bill=digest(bill),
        at=at,
        nonce=secrets.token_urlsafe(9),
    )


def sign(offer: Offer) -> str:
    """The offer as a form carries it."""
    return signing.dumps(asdict(offer), salt=_SALT, compress=True)


def read(signed: str, *, tenant: Tenant) -> Offer:
    """The offer that was signed. Raises NotOffered."""
    try:
        found = Offer(**signing.loads(signed, salt=_SALT))
    except (signing.BadSignature, TypeError, ValueError):
        raise NotOffered("Please look at what the change costs, and confirm it then.") from None
    if found.tenant != str(tenant.pk):
        raise NotOffered("Please look at what the change costs, and confirm it then.")
    try:
        signing.loads(signed, salt=_SALT, max_age=LASTS)
    except signing.SignatureExpired:
        words = "What you saw is more than 15 minutes old. This is what the change costs now."
        raise NotOffered(words, found.choice) from None
    return found


def state(current: stripe.Subscription) -> str:
    """What an offer depends on of a subscription, as a hash: what is paid for, until when, and how."""
    item = item_of(current)
    said: list[Any] = [
        current.id,
        current.status,
        item.id,
        item.price.id,
        item.quantity,
        item.current_period_end,
        current.cancel_at,
        current.cancel_at_period_end,
        current.trial_end,
        scheduled.id_of(current) if scheduled.comes(current) else "",  # one may be half made
        _paid_with(current),
        [each if isinstance(each, str) else each.id for each in current.discounts or ()],
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


def _paid_with(current: stripe.Subscription) -> list[str]:
    customer = current.customer
    settings = None if isinstance(customer, str) else customer.invoice_settings
    methods: list[Any] = [current.default_payment_method]
    if settings is not None:
        methods.append(settings.default_payment_method)
    return ["" if each is None else each if isinstance(each, str) else each.id for each in methods]


def digest(bill: Bill | None) -> str:
    """What was shown, to the cent."""
    said = [list(bill.lines), bill.total, bill.due] if bill else []
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
