"""The tax ID that stands on a workspace's invoices: kept by Stripe, which says whether it is real.

At most one: invoices show all that a customer has, and a company has one where it is registered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import stripe
from django.db import transaction

from billing.models import Account
from billing.stripe_client import client
from billing.subscriptions import customers
from identity.models import User
from tenants import audit

MOST = 5  # that Stripe may have by other ways, such as its portal
# Stripe's `type`: words. Those of Stripe's list that most companies have; others can be given at the portal.
TYPES: Mapping[str, str] = {
    "eu_vat": "EU VAT number",
    "gb_vat": "United Kingdom VAT number",
    "ch_vat": "Switzerland VAT number",
    "no_vat": "Norway VAT number",
    "us_ein": "United States EIN",
    "ca_bn": "Canada business number",
    "ca_gst_hst": "Canada GST/HST number",
    "au_abn": "Australia business number (ABN)",
    "nz_gst": "New Zealand GST number",
    "in_gst": "India GST number",
    "jp_trn": "Japan registration number",
    "kr_brn": "South Korea business registration number",
    "sg_gst": "Singapore GST number",
    "za_vat": "South Africa VAT number",
    "br_cnpj": "Brazil CNPJ",
    "mx_rfc": "Mexico RFC",
    "ae_trn": "United Arab Emirates TRN",
    "sa_vat": "Saudi Arabia VAT number",
    "il_vat": "Israel VAT number",
    "tr_tin": "Türkiye tax number",
}
_STATES = {  # Stripe's `verification.status`: words, kind of badge
    "verified": ("Verified", "success"),
    "pending": ("Being checked", "info"),
    "unverified": ("Could not be verified", "warn"),
    "unavailable": ("Not checked", ""),
}


class NotATaxId(ValueError):
    """Stripe does not take it; why, in words."""


class NotThere(Exception):
    """The workspace has no such tax ID."""


@dataclass(frozen=True)
class TaxId:
    id: str
    kind: str
    value: str
    state: str
    state_kind: str


def of(account: Account) -> list[TaxId]:
    """The tax IDs that stand on the invoices. Raises stripe.StripeError."""
    if account.stripe_customer_id is None:
        return []
    return [_shown(each) for each in _listed(account.stripe_customer_id)]


@transaction.atomic
def give(account: Account, *, kind: str, value: str, by: User) -> TaxId:
    """Put this one on the invoices from now on, in place of another. Safe to repeat.

    Raises NotATaxId, stripe.StripeError; then the other one stays.
    """
    value = value.replace("\x00", "").strip()
    if kind not in TYPES:
        raise NotATaxId("Please choose what kind of tax ID it is.")
    if not value or len(value) > 40:
        raise NotATaxId("Please type the tax ID as it stands on your documents.")
    account = customers.ensure(account, user=by)
    account = Account.objects.locked(account.pk)
    customer = account.stripe_customer_id or ""
    there = _listed(customer)
    same = [each for each in there if (each.type, each.value) == (kind, value.upper())]
    if same:
        return _shown(same[0])
    wanted: Any = {"type": kind, "value": value}
    try:
        made = client().v1.customers.tax_ids.create(customer, wanted)
    except stripe.InvalidRequestError as error:
        if error.code == "tax_id_invalid" or error.param in ("value", "type"):
            raise NotATaxId(f"That is no {TYPES[kind]}. Please look at it once more.") from error
        raise
    for each in there:
        client().v1.customers.tax_ids.delete(customer, str(each.id))
    audit.note(account.tenant, "tax_id.given", by=by, target=TYPES[kind])
    return _shown(made)


@transaction.atomic
def remove(account: Account, tax_id: str, *, by: User) -> None:
    """Take it off the invoices to come. Raises NotThere, stripe.StripeError."""
    account = Account.objects.locked(account.pk)
    found = next((each for each in of(account) if each.id == tax_id), None)
    if found is None:
        raise NotThere
    client().v1.customers.tax_ids.delete(account.stripe_customer_id or "", tax_id)
    audit.note(account.tenant, "tax_id.removed", by=by, target=found.kind)


def _listed(customer: str) -> list[stripe.TaxId]:
    try:
        return list(client().v1.customers.tax_ids.list(customer, {"limit": MOST}).data)
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":  # the customer was deleted at Stripe
            return []
        raise


def _shown(tax_id: stripe.TaxId) -> TaxId:
    verification = tax_id.verification
    words, kind = _STATES.get(verification.status if verification else "", ("Not checked", ""))
    return TaxId(
        id=str(tax_id.id),
        kind=TYPES.get(tax_id.type, tax_id.type.replace("_", " ").upper()),
        value=tax_id.value,
        state=words,
        state_kind=kind,
    )
