"""What a fresh web process would otherwise do during its first requests."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.template.loader import get_template
from django.urls import get_resolver

from cms import releases
from events import transport
from metering import quotas
from metering.quotas import CountersUnavailable
from plg_site.operating import machines
from tenants import pool


def run() -> None:
    """All of it, as a process that is about to answer."""
    code()
    pool.listed_templates()
    releases.follow()
    transport.attend_spool()
    machines.announce()
    with suppress(CountersUnavailable):
        quotas.counter_life()  # quotas wait until a life of Redis is some seconds old: let it begin now


def code() -> None:
    """Import the views of every host and compile the templates of the project; done once."""
    for urlconf in (settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF, settings.FILES_URLCONF):
        _ = get_resolver(urlconf).reverse_dict  # populates it, the first time
    root = Path(settings.BASE_DIR, "templates")
    for path in root.rglob("*.html"):
        get_template(str(path.relative_to(root)))
