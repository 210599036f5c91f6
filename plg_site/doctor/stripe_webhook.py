"""Whether Stripe's news arrive and are believed."""

from __future__ import annotations

from collections.abc import Iterator

from billing import webhooks
from plg_site.doctor.findings import Finding, fine, problem, warning

TITLE = "Stripe"


def look() -> Iterator[Finding]:
    """Each problem is billing's; here it gets its place among the others."""
    found = webhooks.examine_endpoint()
    for trouble in found.troubles:
        make = problem if trouble.is_serious else warning
        yield make(trouble.says, trouble.do)
    if not found.troubles:
        yield fine(f"webhooks come to {found.url}, version {found.version}")
