"""Whether the proxies in front are declared, so that limits and the audit log see the client."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from plg_site.doctor.findings import Finding, fine, problem, warning
from plg_site.web import undeclared_proxies
from plg_site.web.client_address import UNIX, Trusted, is_inside

TITLE = "Client addresses"


def look() -> Iterator[Finding]:
    trusted = Trusted(settings.TRUSTED_PROXIES)
    peers = [
        peer
        for peer in undeclared_proxies.seen()
        if not trusted.includes("" if peer == UNIX else peer)
    ]
    for peer in peers:
        # A peer in our own network is a proxy of ours; from outside anybody can send the header.
        if is_inside("" if peer == UNIX else peer):
            make, effect = problem, "limits by address are off for what comes through it"
        else:
            make, effect = warning, "what it says is not believed, and it counts as one client"
        yield make(
            f"{peer} sends forwarded headers and is not declared: {effect}, and the audit log shows "
            "its address",
            f"If it is your proxy, add it to TRUSTED_PROXIES ({peer}, or its network).",
            peer=peer,
        )
    if not peers:
        declared = ", ".join(settings.TRUSTED_PROXIES) or "none"
        yield fine(f"no undeclared proxy was seen (declared: {declared})")
