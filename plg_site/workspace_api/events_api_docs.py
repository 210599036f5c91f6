"""What the documentation says of sending events: the rules, and the names that are open."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from events import cloudevents, registry
from events.event import AHEAD, MAX_BYTES, OLDEST

NAME = "CloudEvent"
_SEND = f"""
Send one event or a list of up to {cloudevents.MAX_EVENTS:,}, in at most {cloudevents.MAX_BODY:,} bytes
(gzip is understood). Each is checked by itself: a wrong one does not spoil the others.

**Forms** ([CloudEvents 1.0](https://cloudevents.io)): `{cloudevents.SINGLE}`,
`{cloudevents.BATCH}`, `{cloudevents.PLAIN}` with an object or a list, or binary mode: attributes in
`ce-` headers, the data as the body. OpenMeter's Python client sends as it is.

**Answers**: `204` when all were taken; `200` with the report below when you send
`Accept: application/json`; `422` with the report when one was refused, and the others are taken all the
same; with `Prefer: handling=lenient` that is a `207`, where at least one was taken. `503` says that
none was taken: wait as long as `Retry-After` says, and send all again.

**Sending again is safe**: we know an event by its `source` and `id`, whatever its time says.

**Whose it is**: the workspace's whose key you send. Nothing in the event changes that; a
`subject` that is another workspace's id is refused.

**Times**: RFC 3339, up to {OLDEST.days} days ago and {AHEAD.seconds // 60} minutes ahead; without one, now.
One event takes at most {MAX_BYTES // 1024} KiB. One request counts as one API call;
how many events of a type the plan includes is a limit of its own: above it `402`, and none is taken.
"""


_WORDS: dict[type, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    Decimal: "number, or a text of one",
    bool: "true or false",
    UUID: "UUID",
}


def description() -> str:
    """Markdown, with a table of the names that callers may send."""
    rows = [
        f"| `{event_type.name}` | {_properties(event_type)} |" for event_type in registry.external()
    ]
    table = ["", "| type | data |", "| --- | --- |", *rows]
    return _SEND + "\n".join(table if rows else ["", "No type is open to callers yet."])


def request_body() -> dict[str, Any]:
    """The operation's body, as OpenAPI: Django Ninja cannot know it, for the view reads it itself.

    One media type for an event and for a list: generated clients take the first of several, whatever
    they send. The others stand in the description.
    """
    one = {"$ref": f"#/components/schemas/{NAME}"}
    batch = {"type": "array", "items": one, "maxItems": cloudevents.MAX_EVENTS}
    content = {cloudevents.PLAIN: {"schema": {"oneOf": [one, batch]}}}
    return {"requestBody": {"required": True, "content": content}}


def schemas() -> dict[str, Any]:
    """What the body refers to."""
    return {NAME: _event_schema()}


def _event_schema() -> dict[str, Any]:
    longest = cloudevents.LONGEST
    return {
        "type": "object",
        "description": "What happened, as CloudEvents 1.0 says it.",
        "required": ["specversion", "id", "source", "type"],
        "properties": {
            "specversion": {"type": "string", "enum": ["1.0"]},
            "id": {"type": "string", "minLength": 1, "maxLength": longest["id"]},
            "source": {"type": "string", "minLength": 1, "maxLength": longest["source"]},
            "type": {
                "type": "string",
                "enum": [event_type.name for event_type in registry.external()],
            },
            "subject": {"type": "string", "maxLength": longest["subject"]},
            "time": {"type": "string", "format": "date-time"},
            "data": {"type": "object"},
        },
    }


def _properties(event_type: registry.EventType) -> str:
    said = []
    for key, declared in event_type.properties.items():
        allowed = registry.kinds(declared)
        words = " or ".join(_WORDS[kind] for kind in _WORDS if kind in allowed)
        format_ = f" like `{event_type.formats[key]}`" if key in event_type.formats else ""
        optional = ", optional" if type(None) in allowed else ""
        said.append(f"`{key}` ({words}{format_}{optional})")
    return "; ".join(said)
