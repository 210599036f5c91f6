"""What every page may say about the place it is served from."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Addresses and banners shared by all templates."""
    return {
        "site_url": settings.SITE_URL,
        "site_domain": settings.SITE_DOMAIN,
        "app_domain": settings.APP_DOMAIN,
        "public_port_suffix": settings.PUBLIC_PORT_SUFFIX,
        "cookie_consent_required": settings.COOKIE_CONSENT_REQUIRED,
        "stripe_simulated": settings.STRIPE_SIMULATED,
    }
