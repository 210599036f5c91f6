"""Whether mail of the configured sender is believed: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parseaddr

from django.conf import settings

from plg_site.doctor.dns_question import NoAnswer, ask, is_local
from plg_site.doctor.findings import Finding, fine, problem, warning

TITLE = "Mail"
_SPF_LOOKUPS = 10  # RFC 7208, 4.6.4: more, and receivers give up with an error
_ASKS = re.compile(r"^[+?~-]?(include:|a\b|mx\b|ptr\b|exists:|redirect=)")


def look() -> Iterator[Finding]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()
    if not settings.EMAIL_URL and not settings.MAIL_PROVIDER:
        yield fine("goes to the outbox page of development and to nobody else")
        return
    if not domain or is_local(domain):
        yield problem(
            f"is sent from {settings.DEFAULT_FROM_EMAIL}, which nobody can answer",
            "Set DEFAULT_FROM_EMAIL to an address of a domain of yours.",
        )
        return
    for check in (_spf, _dkim, _dmarc):
        try:
            yield from check(domain)
        except NoAnswer as error:
            yield warning(
                f"nobody answered ({error})", "Look whether this machine may ask the DNS."
            )


def _spf(domain: str) -> Iterator[Finding]:
    found = [text for text in ask(domain, "TXT") if re.match(r"v=spf1( |$)", text, re.I)]
    if not found:
        yield problem(
            f"SPF: {domain} does not say who may send for it",
            f'Add a TXT record at {domain}, as your mail provider tells: "v=spf1 include:… ~all".',
        )
        return
    if len(found) > 1:
        yield problem(
            f"SPF: {domain} has {len(found)} records, so none counts", "Join them to one."
        )
        return
    terms = found[0].lower().split()[1:]
    asks = sum(bool(_ASKS.match(term)) for term in terms)
    if terms[-1:] and terms[-1] in {"+all", "all"}:
        yield problem("SPF: +all lets anybody send", "End the record with ~all or -all.")
    elif asks > _SPF_LOOKUPS:
        yield problem(f"SPF: needs {asks} look-ups, 10 are allowed", "Take some includes out.")
    elif not any(term.endswith("all") or term.startswith("redirect=") for term in terms):
        yield warning("SPF: says nothing of all others", "End the record with ~all or -all.")
    else:
        yield fine(f"SPF: {found[0]}")


def _dkim(domain: str) -> Iterator[Finding]:
    selectors = settings.MAIL_DKIM_SELECTORS
    if not selectors:
        yield warning(
            "DKIM: which selector your provider signs with is not known here",
            "Set MAIL_DKIM_SELECTORS (the provider's page for DNS records names them).",
        )
    for selector in selectors:
        name = f"{selector}._domainkey.{domain}"
        keys = [text for text in ask(name, "TXT") if "p=" in text]
        if not keys:
            yield problem(
                f"DKIM: there is no key at {name}",
                "Add the record that your mail provider shows; unsigned mail lands in spam.",
            )
        elif re.search(r"(^|;)\s*p=\s*(;|$)", keys[0]):
            yield problem(f"DKIM: the key at {name} is revoked", "Publish the current one.")
        else:
            yield fine(f"DKIM: a key at {name}")


def _dmarc(domain: str) -> Iterator[Finding]:
    places = [f"_dmarc.{parent}" for parent in _upwards(domain)]
    for place in places:
        found = [text for text in ask(place, "TXT") if re.match(r"v=DMARC1\b", text, re.I)]
        if found:
            yield _policy(place, found[0])
            return
    yield problem(
        f"DMARC: there is no record at {places[0]}; large receivers want one",
        f'Add a TXT record there: "v=DMARC1; p=none; rua=mailto:dmarc@{domain}", later p=quarantine.',
    )


def _policy(place: str, text: str) -> Finding:
    tags = dict(re.findall(r"(\w+)\s*=\s*([^;\s]+)", text))
    if tags.get("p") in {"quarantine", "reject"}:
        return fine(f"DMARC: p={tags['p']} at {place}")
    return warning(
        f"DMARC: p={tags.get('p', '?')} at {place} asks for reports only",
        "When the reports show that all mail of yours passes, set p=quarantine.",
    )


def _upwards(domain: str) -> list[str]:
    """It and the domains above, down to two labels: the policy of a parent holds for it."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(max(len(labels) - 1, 1))]
