"""What a request says before its body is read as events: where it goes, its headers, its key, its bytes."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from identity import collecting

Receive = Callable[[], Awaitable[Any]]
SECONDS = 30.0  # for a body to come
_LEFT_OVER = 64 * 1024 * 1024  # bytes of a body that is too large, read so that the answer is heard
_LEFT_OVER_SECONDS = 10.0
BATCH = "batch"
# The classic names, those of Segment's browser SDK, and what each is.
CALLS = {
    "track": "track", "t": "track", "page": "page", "p": "page", "screen": "screen", "s": "screen",
    "identify": "identify", "i": "identify", "group": "group", "g": "group", "alias": "alias",
    "a": "alias", "batch": BATCH, "b": BATCH, "import": BATCH,
}  # fmt: skip


class Busy(Exception):
    """More waits than is kept in memory."""


class InFlight:
    """Bytes of all bodies that have come and are not answered, at most `most`."""

    def __init__(self, most: int) -> None:
        self.most, self.size = most, 0


class Room:
    """What one body has of them."""

    def __init__(self, of: InFlight) -> None:
        self._of, self._size = of, 0

    def take(self, size: int) -> None:
        """Raises Busy."""
        if self._of.size + size > self._of.most:
            raise Busy
        self._of.size += size
        self._size += size

    def give_back(self) -> None:
        self._of.size -= self._size
        self._size = 0


class Gone(Exception):
    """Who asked has closed the connection."""


@dataclass(frozen=True)
class Place:
    """`call`: a value of CALLS. `settings_of`: the key whose settings are asked for."""

    call: str = ""
    settings_of: str = ""
    is_metrics: bool = False
    is_root: bool = False


def place(path: str) -> Place | None:
    """What stands at this path, with or without slashes at its ends; below a prefix, too, as a proxy
    leaves it in front. None: nothing."""
    words = [word for word in path.split("/") if word]
    if not words:
        return Place(is_root=True)
    if "v1" not in words:
        return None
    after = words[len(words) - words[::-1].index("v1") :]
    match after:
        case [name] if name in CALLS:
            return Place(CALLS[name])
        case ["projects", key, "settings"]:
            return Place(settings_of=key)
        case ["m"]:
            return Place(is_metrics=True)
        case _:
            return None


def headers_of(scope: Any) -> dict[bytes, bytes]:
    """By small names; of one that stands twice, the last."""
    return dict(scope["headers"])


def key_of(headers: dict[bytes, bytes]) -> str:
    """The key of the Authorization header (Basic's user name, or a bearer), "" for none."""
    said = headers.get(b"authorization", b"")
    scheme, _, value = said.partition(b" ")
    value = value.strip()
    if scheme.lower() == b"bearer":
        return value.decode(errors="replace")
    if scheme.lower() != b"basic":
        return ""
    try:
        found = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return found.partition(b":")[0].decode(errors="replace")


async def body_of(receive: Receive, headers: dict[bytes, bytes], room: Room) -> bytes:
    """All of it, as it was sent. Raises TooLarge, Busy, TimeoutError, Gone."""
    said = headers.get(b"content-length", b"")
    too_large = said.isdigit() and int(said[:20]) > collecting.MAX_SENT
    parts, size = list[bytes](), 0
    async with asyncio.timeout(SECONDS):
        while not too_large:
            message = await receive()
            if message["type"] != "http.request":
                raise Gone
            part = message.get("body", b"")
            room.take(len(part))
            size += len(part)
            parts.append(part)
            too_large = size > collecting.MAX_SENT
            if not message.get("more_body"):
                break
    if too_large:
        await _leave(receive)
        raise collecting.TooLarge(f"The body is larger than {collecting.MAX_SENT} bytes.")
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _leave(receive: Receive) -> None:
    """Read on for a while: who is still sending does not hear an answer."""
    size = 0
    try:
        async with asyncio.timeout(_LEFT_OVER_SECONDS):
            while size < _LEFT_OVER:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
                size += len(message.get("body", b""))
    except TimeoutError:
        return
