"""What allauth and our own flows know of a mail, as the variables of `letters.toml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

_CONFIRMATION = "email_confirmation"
# Variables that allauth calls something else.
_RENAMED = {"from_email": "old", "deleted_email": "old", "to_email": "new"}
_AS_THEY_ARE = ("code", "activate_url", "password_reset_url", "signup_url", "begun_url", "days")


def name_of(template_prefix: str, context: Mapping[str, Any]) -> str:
    """The letter for one of allauth's "account/email/login_code"."""
    name = template_prefix.rpartition("/")[2]
    if name.startswith(_CONFIRMATION) and "code" in context:
        name = f"{_CONFIRMATION}_code"
    return f"identity.{name}"


def values_of(email: str, context: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """More than any one letter has."""
    found: dict[str, str | list[str]] = {
        "email": email,
        "sign_in_url": f"{settings.SITE_URL}/login/code/",
        "reset_url": f"{settings.SITE_URL}/password/reset/",
        "invited": "yes" if context.get("is_invited") else "",
        "begun": [_in_words(one) for one in context.get("begun") or ()],
        "things": ", ".join(context.get("things") or ()),
    }
    for name in (*_AS_THEY_ARE, *_RENAMED):
        if context.get(name):
            found[_RENAMED.get(name, name)] = str(context[name])
    if "timestamp" in context:
        found |= {"from": _from(context), "at": _moment(context["timestamp"])}
    if made := context.get("made"):
        began = f"{made.merged.date_joined:%-d %B %Y}"
        found |= {"kept": made.kept.email, "merged": made.merged.email, "began": began}
    return found


def _from(context: Mapping[str, Any]) -> str:
    known = [f"address {context['ip']}"] if context.get("ip") else []
    return ", ".join([*known, f"browser {context.get('user_agent') or 'not known'}"])


def _in_words(one: Any) -> str:
    """A `proofs.beginnings.Begun`."""
    where = f", from {one.client_address}" if one.client_address else ""
    what: Iterable[str] = [one.name or "no name", ", ".join(one.things)]
    return f"{_moment(one.at)}{where}: {'; '.join(filter(None, what))}"


def _moment(at: datetime) -> str:
    return f"{at:%-d %B %Y, %H:%M} UTC"
