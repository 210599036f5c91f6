"""For whom the invoices are: name and address of the company, kept with Stripe's customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import stripe
from django.db import transaction

from billing.models import Account
from billing.paying.countries import COUNTRIES
from billing.stripe_client import client
from billing.subscriptions import customers
from identity.models import User
from tenants import audit

LONGEST = 200  # letters of a line
_NEEDED = {
    "name": "Please say who the invoices are for.",
    "line1": "Please say the street and number.",
    "city": "Please say the town.",
}
# Where an address has no postal code, or few people know theirs, Stripe does not ask for one, nor do we.
_POSTAL_CODES = (
    "AT AU BE BG BR CA CH CY CZ DE DK EE ES FI FR GB GR HR HU IN IT JP KR LT LU LV MT MX NL NO PL PT RO SE "
    "SG SI SK TR US ZA"
)
_WITH_POSTAL_CODE = frozenset(_POSTAL_CODES.split())
_WITH_STATE = frozenset({"AU", "BR", "CA", "IN", "MX", "US"})


@dataclass(frozen=True)
class Details:
    """`country` is a code of COUNTRIES; all others are text, and may be empty."""

    name: str = ""
    line1: str = ""
    line2: str = ""
    postal_code: str = ""
    city: str = ""
    state: str = ""
    country: str = ""

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Details:
        """From a form; nothing is judged."""
        said = {
            each.name: data.get(each.name, "").replace("\x00", "").strip() for each in fields(cls)
        }
        return cls(**{**said, "country": said["country"].upper()})

    def problems(self) -> dict[str, str]:
        """What is wrong, by field, in words; nothing when it is right."""
        found = {key: words for key, words in _NEEDED.items() if not getattr(self, key)}
        for key, value in asdict(self).items():
            if len(value) > LONGEST:
                found[key] = f"At most {LONGEST} letters, please."
        if self.country not in COUNTRIES:
            found["country"] = "Please choose a country."
        if self.country in _WITH_POSTAL_CODE and not self.postal_code:
            found["postal_code"] = "Please say the postal code."
        if self.country in _WITH_STATE and not self.state:
            found["state"] = "Please say the state or province."
        return found


def of(account: Account) -> Details:
    """As Stripe has them. Raises stripe.StripeError."""
    if account.stripe_customer_id is None:
        return Details(name=account.tenant.name)
    customer = client().v1.customers.retrieve(account.stripe_customer_id)
    if getattr(customer, "deleted", False):
        return Details(name=account.tenant.name)
    return _read(customer)


@transaction.atomic
def save(account: Account, details: Details, *, by: User) -> None:
    """Give them to Stripe: they stand on the invoices from now on. Safe to repeat.

    Raises ValueError where they are not right, stripe.StripeError.
    """
    if details.problems():
        raise ValueError(details.problems())
    account = customers.ensure(account, user=by)
    account = Account.objects.locked(account.pk)
    said = asdict(details)
    name = said.pop("name")
    wanted: Any = {"name": name, "address": said}
    client().v1.customers.update(account.stripe_customer_id or "", wanted)
    audit.note(account.tenant, "billing_details.changed", by=by)


def _read(customer: stripe.Customer) -> Details:
    address = customer.address
    found = {key: getattr(address, key, None) or "" for key in asdict(Details()) if key != "name"}
    return Details(name=customer.name or "", **found)
