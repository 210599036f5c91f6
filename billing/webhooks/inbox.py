"""dj-stripe's webhook endpoint: the row that gives /stripe/webhook/<uuid>/ its secret."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.urls import reverse
from djstripe.models import WebhookEndpoint


def ensure() -> str | None:
    """Make or correct the row of settings.STRIPE_WEBHOOK_UUID. Returns its address, None unset."""
    if not settings.STRIPE_WEBHOOK_UUID:
        return None
    uuid = UUID(settings.STRIPE_WEBHOOK_UUID)
    url = settings.SITE_URL + address(uuid)
    wanted = {
        "url": url,
        "secret": settings.STRIPE_WEBHOOK_SECRET,
        "livemode": settings.STRIPE_LIVE_MODE,
        "api_version": settings.STRIPE_API_VERSION,
        "enabled_events": ["*"],
        "status": "enabled",
        "djstripe_validation_method": "verify_signature",
    }
    # Its id at Stripe is not needed to receive anything; the uuid is what identifies it here.
    created = {**wanted, "id": f"we_{uuid.hex}"}
    row, is_new = WebhookEndpoint.objects.get_or_create(djstripe_uuid=uuid, defaults=created)
    if not is_new and any(getattr(row, name) != value for name, value in wanted.items()):
        WebhookEndpoint.objects.filter(pk=row.pk).update(**wanted)
    return url


def address(uuid: UUID) -> str:
    """The path on the site host that Stripe posts to."""
    return reverse(
        "djstripe:djstripe_webhook_by_uuid", urlconf=settings.PUBLIC_SCHEMA_URLCONF, args=[uuid]
    )
