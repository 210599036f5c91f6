"""The address of any workspace leads to the same place as the site does."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from django.conf import settings

from plg_site.doctor.dns_question import NoAnswer, addresses, is_local
from plg_site.doctor.findings import Finding, fine, problem, warning

TITLE = "Wildcard DNS"


def look() -> Iterator[Finding]:
    domain = settings.APP_DOMAIN
    if is_local(domain):
        yield fine(f"*.{domain} is resolved by browsers themselves")
        return
    anything = f"doctor-{secrets.token_hex(4)}.{domain}"
    try:
        workspace, site = addresses(anything), addresses(settings.SITE_DOMAIN)
    except NoAnswer as error:
        yield warning(f"nobody answered ({error})", "Look whether this machine may ask the DNS.")
        return
    if not workspace:
        yield problem(
            f"*.{domain} does not exist: no workspace can be reached",
            f"Add a record *.{domain} that leads to the load balancer (a CNAME, or A and AAAA).",
        )
    elif not workspace & site and domain.endswith(settings.SITE_DOMAIN):
        yield warning(
            f"*.{domain} leads to {_some(workspace)}, {settings.SITE_DOMAIN} to {_some(site)}",
            "Make sure that both lead to this project.",
        )
    else:
        yield fine(f"*.{domain} leads to {_some(workspace)}", addresses=sorted(workspace))


def _some(found: set[str]) -> str:
    return ", ".join(sorted(found)[:2]) or "nowhere"
