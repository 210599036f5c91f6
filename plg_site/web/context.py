"""What every page may say about the place it is served from."""

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static


def site(request: HttpRequest) -> dict[str, object]:
    """Addresses and banners shared by all templates."""
    return {
        "site_url": settings.SITE_URL,
        "site_domain": settings.SITE_DOMAIN,
        "app_domain": settings.APP_DOMAIN,
        "public_port_suffix": settings.PUBLIC_PORT_SUFFIX,
        "cookie_consent_required": settings.COOKIE_CONSENT_REQUIRED,
        "stripe_simulated": settings.STRIPE_SIMULATED,
        **(_probes() if settings.WATCH_FILES else {}),
    }


def _probes() -> dict[str, object]:
    """In development: what a page asks for to learn whether this browser finds our hosts at all."""
    file = static("img/mark.svg")  # answered on every host, before anybody asks whose it is
    return {
        "site_probe": settings.SITE_URL + file,
        "workspace_probe": settings.WORKSPACES_URL_PATTERN.replace("*", "any-workspace") + file,
        "workspace_names": f"*.{settings.APP_DOMAIN}",
    }
