"""Whose a call is, as it says, and by which id the store keeps its event once."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from uuid_utils.compat import uuid7

from identity.collecting import cleaning
from identity.collecting.naming import WrongCall

LONGEST = 200  # characters of an id
_CLOCKED = re.compile(
    r"(?:node|ajs)-next-(\d{13})-"
)  # the ids of Segment's SDKs begin with their ms


def text(said: Any, what: str) -> str:
    """An id of the caller's, "" for none; a number is as good as a text. Raises WrongCall."""
    if said is None:
        return ""
    if isinstance(said, int | float) and not isinstance(said, bool):
        said = str(said)
    if not isinstance(said, str):
        raise WrongCall("wrong_id", f"{what} must be a text.")
    said = cleaning.text(said).strip()
    if len(said) > LONGEST:
        raise WrongCall("wrong_id", f"{what} has more than {LONGEST} characters.")
    return said


def message_id(said: Any) -> str:
    """Any text, "" for none; a number is as good as one. Raises WrongCall."""
    if said is None:
        return ""
    if isinstance(said, int | float) and not isinstance(said, bool):
        return str(said)
    if not isinstance(said, str):
        raise WrongCall("wrong_message_id", "messageId must be a text.")
    return said


def event_id(source: bytes, message: str) -> str:
    """32 hex digits, the same for each repetition of (source, messageId), however late: the store keeps one.

    A UUIDv8 (RFC 9562, 5.8) of a SHA-256, never one of our own. Where the messageId says when it was
    made, that leads, which keeps the index warm. Without a messageId nobody can tell a repetition.
    """
    if not message:
        return uuid7().hex
    said = hashlib.sha256(source + message.encode(errors="surrogatepass")).hexdigest()
    clock = _CLOCKED.match(message)
    begins = f"{int(clock[1]):012x}" if clock else said[:12]
    return f"{begins}8{said[13:16]}{_VARIANT[said[16]]}{said[17:32]}"


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
