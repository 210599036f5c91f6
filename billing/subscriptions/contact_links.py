"""The link in a mail by which whoever reads an address says yes or no to mails about money.

The signed row and address are what speak for it, without a sign-in; it is good as long as the row is there.
"""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.urls import reverse

from billing.models import BillingContact

_SALT = "billing.contact"


def url(contact: BillingContact) -> str:
    """The address of the page, on the site."""
    token = signing.Signer(salt=_SALT).sign(f"{contact.pk}~{contact.email}")
    path = reverse("billing_contact", args=[token], urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    return f"{settings.SITE_URL}{path}"


def read(token: str) -> BillingContact | None:
    """Whom the link is for; None: there is no such contact any more. Raises BadSignature."""
    pk, _, email = signing.Signer(salt=_SALT).unsign(token).partition("~")
    if not pk.isdecimal():
        raise signing.BadSignature
    return BillingContact.objects.filter(pk=int(pk), email=email).select_related("tenant").first()
