"""CloudEvents 1.0 over HTTP: from a request's bytes and headers to what is to be recorded.

Specification: github.com/cloudevents/spec, cloudevents/spec.md (attributes), formats/json-format.md
(structured and batch), bindings/http-protocol-binding.md (binary mode: attributes in `ce-` headers).
Plain application/json with an event or a list of them is taken, too, as OpenMeter does.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from events import json_values, registry
from events.errors import (
    DuplicateKey,
    TooLarge,
    TooMany,
    Undecodable,
    UnsupportedType,
    WrongAttribute,
    WrongProperty,
    WrongTime,
)

MAX_EVENTS = 1_000  # in one request
MAX_BODY = 1024 * 1024  # bytes of one request, as sent and after decompression
LONGEST = {"id": 255, "source": 1024, "type": 255, "subject": 1024}  # characters

SINGLE, BATCH, PLAIN = (
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/json",
)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_UUID_7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class CloudEvent:
    """One event as its sender said it; `data` are JSON values, not yet checked."""

    id: str
    source: str
    type: str
    subject: str | None
    time: datetime | None
    data: Mapping[str, Any]

    def event_id(self, schema: str) -> UUID:
        """The same for each repetition of (workspace, source, id): the store keeps one.

        A UUIDv8 (RFC 9562, 5.8) of a SHA-256, so it is never one of our own (they are version 7).
        Where the sender's id is a UUIDv7, its 48 bits of time lead, which keeps the index warm.
        """
        said = "\0".join((schema, self.source, self.id)).encode()
        number = int.from_bytes(hashlib.sha256(said).digest()[:16], "big")
        if _UUID_7.fullmatch(self.id):
            number = (UUID(self.id).int >> 80) << 80 | number & (1 << 80) - 1
        number = number & ~(0xF << 76) | 8 << 76
        return UUID(int=number & ~(0b11 << 62) | 0b10 << 62)


def read(body: bytes, headers: Mapping[str, str]) -> list[Any]:
    """The events of a request, as JSON values that nobody has looked at (see `parse`).

    `headers`: found in any case, as Django's `request.headers` do. Raises UnsupportedType,
    TooLarge, TooMany, Undecodable: then nothing of the request can be used.
    """
    content_type = media_type(headers.get("Content-Type", ""))
    body = _decompressed(body, headers.get("Content-Encoding", ""))
    if "ce-specversion" in headers and content_type not in (SINGLE, BATCH):
        return [_binary(body, content_type, headers)]
    if content_type not in (SINGLE, BATCH, PLAIN):
        raise UnsupportedType(f"Send {SINGLE}, {BATCH} or {PLAIN}, not “{content_type[:80]}”.")
    said = json_values.loads(body)
    # Generated clients call a list by the name of one event: what it is can be seen.
    if content_type != BATCH and not isinstance(said, list):
        return [said]
    if not isinstance(said, list):
        raise Undecodable("A batch is a JSON list of events.")
    if len(said) > MAX_EVENTS:
        raise TooMany(f"This batch has {len(said)} events; {MAX_EVENTS} are allowed.")
    return said


def parse(said: Any) -> CloudEvent:
    """One event. Raises WrongAttribute, WrongTime, DuplicateKey.

    Attributes that we do not know are extensions, which a receiver may ignore.
    """
    if not isinstance(said, dict):
        raise WrongAttribute("An event is a JSON object.")
    data = said.get("data")
    if isinstance(said, json_values.Ambiguous) or isinstance(data, json_values.Ambiguous):
        raise DuplicateKey("The event says one key twice.")
    if said.get("specversion") != "1.0":
        raise WrongAttribute("specversion must be “1.0”.")
    if not isinstance(data, dict | None) or said.get("data_base64") is not None:
        raise WrongAttribute("data must be a JSON object.")
    if not _is_json(said.get("datacontenttype") or PLAIN):
        raise WrongAttribute(f"datacontenttype must be {PLAIN}.")
    return CloudEvent(
        id=_text(said, "id"),
        source=_text(said, "source"),
        type=_text(said, "type"),
        subject=None if said.get("subject") is None else _text(said, "subject"),
        time=None if said.get("time") is None else timestamp(said["time"]),
        data=data or {},
    )


def timestamp(text: Any) -> datetime:
    """An RFC 3339 time, aware. Raises WrongTime."""
    if isinstance(text, str) and _RFC_3339.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper())
        except ValueError:
            pass
    raise WrongTime("A time looks like 2026-11-20T09:30:00Z (RFC 3339), with its zone.")


def media_type(header: str) -> str:
    """The type of a Content-Type header, small, without parameters. Only UTF-8 is read.

    Raises UnsupportedType.
    """
    name, _, parameters = header.partition(";")
    charset = re.search(r"charset=\"?([\w-]+)", parameters, re.ASCII | re.I)
    if charset and charset[1].lower() not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedType(f"Send UTF-8, not {charset[1][:40]}.")
    return name.strip().lower()


def _binary(body: bytes, content_type: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """The event whose attributes are headers and whose data is the body, as a structured one."""
    if body and not _is_json(content_type):
        raise UnsupportedType(f"The data of an event must be {PLAIN}.")
    said: dict[str, Any] = {"data": json_values.loads(body) if body else None}
    for name in ("specversion", "id", "source", "type", "subject", "time"):
        value = headers.get(f"ce-{name}")
        if value is not None:
            said[name] = _unquoted(value)
    return said


def _unquoted(value: str) -> str:
    """Header values are percent-encoded UTF-8 (HTTP binding, 3.1.3.2). WSGI gives us Latin-1."""
    try:
        return unquote(value.encode("latin-1").decode(), errors="strict")
    except UnicodeError:
        raise Undecodable("A ce- header is not UTF-8.") from None


def _decompressed(body: bytes, encoding: str) -> bytes:
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        plain = body
    elif encoding in ("gzip", "x-gzip"):
        plain = _gunzipped(body)
    else:
        raise UnsupportedType("Send the body as it is, or with Content-Encoding: gzip.")
    if len(plain) > MAX_BODY:
        raise TooLarge(f"The body is larger than {MAX_BODY} bytes.")
    return plain


def _gunzipped(body: bytes) -> bytes:
    """At most one byte more than is allowed, however much a small body would grow to."""
    reader = zlib.decompressobj(wbits=31)
    try:
        plain = reader.decompress(body, MAX_BODY + 1)
    except zlib.error:
        raise Undecodable("The body is not gzip.") from None
    if not reader.eof and len(plain) <= MAX_BODY:
        raise Undecodable("The gzip body ends too early.")
    return plain


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST[name]:
        raise WrongAttribute(f"{name} must be a text of 1 to {LONGEST[name]} characters.")
    try:
        return registry.storable(value, where=name)
    except WrongProperty as refused:
        raise WrongAttribute(str(refused)) from None


def _is_json(content_type: Any) -> bool:
    if not isinstance(content_type, str):
        return False
    name = content_type.partition(";")[0].strip().lower()
    return name == PLAIN or (name.startswith("application/") and name.endswith("+json"))
