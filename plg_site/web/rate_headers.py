"""`RateLimit-Policy` and `RateLimit` on answers of the API (draft-ietf-httpapi-ratelimit-headers).

Both are lists of structured fields (RFC 9651). An item is named after what is limited: "key" and
"workspace" are rates, the others are meters with a hard limit. `q` is the limit and `w` its window
in seconds; `r` is what is left, and `t` the seconds until there is more.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from metering.definitions import meter_named
from metering.quotas import Decision, Standing

View = Callable[..., HttpResponse]
_NAME = "plg_site.rate_headers"  # in request.META: what applies to this request


def note(request: HttpRequest, *applying: Standing | Decision) -> None:
    """Remember for the answer what was counted; the last word on a meter or bucket counts."""
    known: dict[str, Standing | Decision] = request.META.setdefault(_NAME, {})
    for each in applying:
        known[each.name if isinstance(each, Standing) else each.meter] = each


def with_rate_headers(view: View) -> View:
    """Let the answers of `view` tell what was noted."""

    @wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        noted = request.META.get(_NAME, {}).values()
        policies, limits = fields(noted, now=datetime.now(UTC))
        if policies:
            response.headers["RateLimit-Policy"] = policies
            response.headers["RateLimit"] = limits
        return response

    return answering


def fields(applying: Iterable[Standing | Decision], *, now: datetime) -> tuple[str, str]:
    """The two fields' values; both empty where nothing is limited."""
    policies, limits = [], []
    for each in applying:
        if isinstance(each, Standing):
            policies.append(f'"{each.name}";q={each.rate.calls};w={each.rate.seconds}')
            limits.append(f'"{each.name}";r={each.remaining};t={math.ceil(each.full_after)}')
        elif each.limit is not None and each.hard:
            window, ends = _window(each, now=now)
            policies.append(f'"{each.meter}";q={each.limit}{_unit(each)}{window}')
            limits.append(f'"{each.meter}";r={each.remaining}{ends}')
    return ", ".join(policies), ", ".join(limits)


def _window(decision: Decision, *, now: datetime) -> tuple[str, str]:
    """The parameters `w` and `t` of a period; none for what never starts again."""
    if decision.since is None or decision.resets_at is None:
        return "", ""
    window = round((decision.resets_at - decision.since).total_seconds())
    ends_in = max(0, math.ceil((decision.resets_at - now).total_seconds()))
    return f";w={window}", f";t={ends_in}"


def _unit(decision: Decision) -> str:
    return ';qu="content-bytes"' if meter_named(decision.meter).unit == "bytes" else ""
