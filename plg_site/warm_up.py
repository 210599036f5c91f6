"""What a fresh web process would otherwise do during its first requests."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.template.loader import get_template
from django.urls import get_resolver

from metering import quotas
from metering.quotas import CountersUnavailable
from tenants import pool


def run() -> None:
    """Import the views of every host and compile the templates of the project."""
    for urlconf in (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF, settings.FILES_URLCONF):
        get_resolver(urlconf)._populate()
    pool.listed_templates()
    with suppress(CountersUnavailable):
        quotas.counter_life()  # quotas wait until a life of Redis is some seconds old: let it begin now
    root = Path(settings.BASE_DIR, "templates")
    for path in root.rglob("*.html"):
        get_template(str(path.relative_to(root)))
