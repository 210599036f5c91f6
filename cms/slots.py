"""Values that upper layers hand to the website: the site shows plans without importing billing.

A slot is declared here with its empty default, so that the site renders before (and without) the
app that fills it. An upper layer registers a callable in its `AppConfig.ready`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse

log = structlog.get_logger()


class UnknownSlot(LookupError):
    """Nobody declared a slot of this name; the message lists those that exist."""


def no_plans() -> list[Any]:
    """Plans for the pricing page, each with `key`, `name`, `summary`, `prices` ({"month": cents,
    "year": cents}, of one seat with `per_seat`), `currency`, `also` ({"month": other currencies in
    words}), `trial_days`, `features`, `limits_in_words` (lists of text) and `highlighted`."""
    return []


def nobody(request: HttpRequest) -> dict[str, str]:
    """What the context of a visit's event says of who asks; without asking a database."""
    return {}


def no_number(request: HttpRequest, response: HttpResponse, *, refused: bool) -> bool:
    """Whether this browser may be told from another; then `response` brings the number that does it,
    else it takes back what there is. `refused` is what its page knows of that."""
    return False


def nobody_asked(request: HttpRequest, answer: Mapping[str, Any]) -> None:
    """Somebody has answered the banner about consent: {"answer": "yes", "where": "/pricing/"}."""


def only_in_the_log(name: str, values: Mapping[str, Any], *, to: str) -> None:
    """Send the letter of this name ("cms.late": `letters.toml`) once the transaction has committed."""
    log.error("letter_not_sent", letter=name, values=dict(values), to=to)


_filled: dict[str, Callable[..., Any]] = {}
_declared: dict[str, Callable[..., Any]] = {
    "pricing": no_plans,
    "whose": nobody,
    "number": no_number,
    "consent": nobody_asked,
    "letter": only_in_the_log,
}


def register(name: str, fn: Callable[..., Any]) -> None:
    """Fill the slot `name` with `fn`; the last one to register wins. Raises UnknownSlot."""
    _refuse_unknown(name)
    _filled[name] = fn


def get(name: str) -> Callable[..., Any]:
    """The callable in the slot `name`, or its empty default. Raises UnknownSlot."""
    _refuse_unknown(name)
    return _filled.get(name, _declared[name])


def _refuse_unknown(name: str) -> None:
    if name not in _declared:
        known = ", ".join(sorted(_declared))
        raise UnknownSlot(f"The website has no slot {name!r}; it has: {known}.")
