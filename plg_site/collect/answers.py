"""What the collector answers: JSON, readable for pages of any origin, also where it refuses."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from identity.collecting import Refused

Send = Callable[[Any], Awaitable[None]]
_MOST_SAID = 100  # refused events that an answer names
_ORIGIN = (b"access-control-allow-origin", b"*")
_JSON = (b"content-type", b"application/json")
# Segment's browser SDK asks for all three, the last one on a retry. They are named: `*` leaves out
# authorization (Fetch standard, 3.2.4).
PREFLIGHT = (
    _ORIGIN,
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, content-encoding, x-retry-count",
    ),
    (b"access-control-max-age", b"7200"),
    (b"content-length", b"0"),
)
_TAKEN = b'{"success":true}'


@dataclass(frozen=True)
class Answer:
    """One that is sent at once."""

    status: int
    body: bytes = b""
    headers: Sequence[tuple[bytes, bytes]] = field(default_factory=tuple)


def taken(refused: Sequence[Refused] = ()) -> Answer:
    """200: what was right is in the log; `refused` is what was not, which costs no other event."""
    if not refused:
        return Answer(200, _TAKEN)
    said = [
        {"index": each.index, "reason": each.reason, "message": each.message}
        for each in refused[:_MOST_SAID]
    ]
    return of_json(200, {"success": False, "refused": len(refused), "errors": said})


def of_json(status: int, said: Mapping[str, Any], **headers: str) -> Answer:
    """A JSON object; `headers` with underscores for dashes."""
    more = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Answer(status, json.dumps(said).encode(), more)


def refusal(
    status: int, code: str, message: str, *, retry_after: int = 0, **headers: str
) -> Answer:
    """In Segment's form; `retry_after` in whole seconds, the only form that every SDK reads."""
    if retry_after:
        headers["retry_after"] = str(retry_after)
    return of_json(status, {"success": False, "code": code, "message": message}, **headers)


async def give(send: Send, answer: Answer, *, is_head: bool = False) -> None:
    """Send it."""
    headers = [
        _ORIGIN,
        _JSON,
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        *answer.headers,
    ]
    if any(name == b"cache-control" for name, _ in answer.headers):
        headers.pop(3)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else answer.body})


async def preflight(send: Send) -> None:
    """To OPTIONS, at every address."""
    await send({"type": "http.response.start", "status": 204, "headers": list(PREFLIGHT)})
    await send({"type": "http.response.body", "body": b""})
