"""Segment's calls as they come (segment.com/docs/connections/sources/catalog/libraries/server/http-api):
one in a body, or a batch of them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec

from identity.collecting import cleaning, pieces
from identity.collecting.bodies import Unreadable

MOST = 5_000  # events in one request
_OURS = secrets.token_hex(16)  # no body can say what is ours to say of a call
_DEEP = 2 * cleaning.DEEPEST  # so many brackets in one event may be too deep


class TooMany(ValueError):
    """More events than one request may have."""


class Call(msgspec.Struct, gc=False):
    """One of them, unchecked: null is as good as absent, and what nobody asks for is left aside. Its texts
    are valid Unicode without NUL, its numbers are some.

    `wrong`: why it could not be read. `not_numbers`: NaN stood in it, and is null now.
    """

    type: Any = None
    event: Any = None
    name: Any = None
    category: Any = None
    properties: Any = None
    traits: Any = None
    context: Any = None
    timestamp: Any = None
    originalTimestamp: Any = None  # RudderStack
    sentAt: Any = None
    messageId: Any = None
    anonymousId: Any = None
    userId: Any = None
    groupId: Any = None
    previousId: Any = None
    writeKey: Any = None
    wrong: str = msgspec.field(name=f"wrong-{_OURS}", default="")
    not_numbers: bool = msgspec.field(name=f"not_numbers-{_OURS}", default=False)


class Message(msgspec.Struct):
    """A body: its calls, and what it says of all of them."""

    batch: list[Call]
    sentAt: Any = None
    writeKey: Any = None
    context: Any = None


class _Around(msgspec.Struct):
    sentAt: Any = None
    writeKey: Any = None
    context: Any = None


_messages = msgspec.json.Decoder(Message)
_calls = msgspec.json.Decoder(Call)
_NOT_READ = (msgspec.DecodeError, ValueError, RecursionError)


def read_batch(body: bytes) -> Message:
    """A batch. What of it cannot be read is a Call that is `wrong`. Raises Unreadable, TooMany."""
    message = None
    if _is_plain(body):
        with suppress(*_NOT_READ):
            message = _messages.decode(body)
    if message is None:
        message = _torn(body)
    if len(message.batch) > MOST:
        raise TooMany(f"This batch has {len(message.batch)} events; {MOST} are allowed.")
    return message


def read_one(body: bytes, type: str) -> Message:
    """The body of an address that says which call it is. Raises Unreadable."""
    call = _one(body.strip())
    if call.wrong:
        raise Unreadable(call.wrong)
    call.type = type
    return Message([call], sentAt=call.sentAt, writeKey=call.writeKey)


def _torn(body: bytes) -> Message:
    found = pieces.torn(body)
    if found is None:
        raise Unreadable('This is not JSON with a list named "batch".')
    around = _loaded(found.around)
    if not isinstance(around, dict):
        raise Unreadable('This is not JSON with a list named "batch".')
    if len(found.events) > MOST:
        raise TooMany(f"This batch has {len(found.events)} events; {MOST} are allowed.")
    said = {name: around.get(name) for name in _Around.__struct_fields__}
    return Message([_one(each) for each in found.events], **said)


def _one(said: bytes) -> Call:
    """One call; where it cannot be read, the Call says why."""
    if _is_plain(said) and said.count(b"{") + said.count(b"[") < _DEEP:
        with suppress(*_NOT_READ):
            return _calls.decode(said)
    found = _loaded(said)
    if not isinstance(found, dict):
        return Call(wrong="This is no JSON object.")
    try:
        found, lost = cleaning.values(found)
    except cleaning.TooDeep:
        return Call(wrong=f"This is nested more than {cleaning.DEEPEST} times.")
    known = {name: found[name] for name in _CALLED if name in found}
    return Call(**known, not_numbers=lost)


_CALLED: Sequence[str] = Call.__struct_fields__[:-2]


def _is_plain(said: bytes) -> bool:
    """Whether nothing in it has to be cleaned: no NUL as JSON writes it, no byte order mark."""
    return b"\\u0000" not in said and said[:1] != b"\xef"


def _loaded(said: bytes) -> Any:
    """As a lenient reader has it; None for what is no JSON."""
    try:
        return json.loads(said.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        return None
