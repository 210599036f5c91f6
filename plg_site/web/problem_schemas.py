"""The forms of errors (RFC 9457), for the OpenAPI document: a generated client reads them as values."""

from __future__ import annotations

from typing import Any

from metering.api import CONTENT_TYPE as CONTENT_TYPE

_TEXT: dict[str, Any] = {"type": "string"}
_NUMBER: dict[str, Any] = {"type": "integer"}
_TIME: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
_BASE: dict[str, Any] = {
    "type": {"type": "string", "examples": ["about:blank", "urn:problem:quota-exceeded"]},
    "title": _TEXT,
    "status": _NUMBER,
    "detail": {"type": "string", "description": "Words for people."},
}


def _problem(description: str, **more: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "required": [*_BASE, *more],
        "properties": _BASE | more,
    }


_ERRORS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["field", "message"],
        "properties": {"field": _TEXT, "message": _TEXT},
    },
}
_EVENTS = {"type": "array", "items": {"$ref": "#/components/schemas/EventOut"}}

ALL: dict[str, dict[str, Any]] = {
    "Problem": _problem("What is wrong, in words and as a status."),
    "ValidationProblem": {
        **_problem("Which fields or parameters are wrong, and why.", errors=_ERRORS),
        "required": list(_BASE),  # what has no field to blame says it in `detail`
    },
    "QuotaProblem": _problem(
        "A limit of the plan is reached. What exists keeps working.",
        meter=_TEXT,
        limit={"type": ["integer", "null"]},
        used=_NUMBER,
        remaining={"type": ["integer", "null"]},
        resets_at=_TIME,
        upgrade_url={"type": "string", "format": "uri"},
    ),
    "RateProblem": _problem(
        "Too many calls; wait so many seconds.",
        retry_after={"type": "integer", "description": "As in the header Retry-After."},
    ),
    "EventsProblem": {
        **_problem(
            "One or more events were refused; those that `events` calls accepted are taken. Without "
            "`events`, the request as a whole cannot be read.",
            reason=_TEXT,
            accepted=_NUMBER,
            refused=_NUMBER,
            events=_EVENTS,
        ),
        "required": [*_BASE, "reason"],
    },
}
BY_STATUS: dict[int | None, str] = {
    402: "QuotaProblem",
    422: "ValidationProblem",
    429: "RateProblem",
}
