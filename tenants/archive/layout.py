"""What is where in an archive, and its manifest (format 1; see docs/archives.md)."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime

import msgspec
from django.conf import settings

FORMAT = "plg-workspace"
VERSION = 1
MANIFEST = "manifest.json"
SIGNATURE = "signature.txt"
FILES = "files.jsonl"  # what files/ holds: name, size in bytes, SHA-256
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}"
_ENTRY = re.compile(
    rf"manifest\.json|signature\.txt|files\.jsonl|(tables|shared|events)/{_NAME}\.jsonl|files/{_NAME}"
)


def is_entry(name: str) -> bool:
    """Whether an export may write an entry of this name."""
    return _ENTRY.fullmatch(name) is not None


def table_entry(table: str) -> str:
    return f"tables/{table}.jsonl"


def shared_entry(part: str) -> str:
    return f"shared/{part}.jsonl"


def file_entry(name: str) -> str:
    return f"files/{name}"


class Entry(msgspec.Struct, frozen=True):
    """Of an unpacked entry: bytes, SHA-256 in hex, lines."""

    size: int
    sha256: str
    lines: int = 0


class Files(msgspec.Struct, frozen=True):
    """All files together; `missing` were deleted while the archive was made."""

    count: int = 0
    bytes: int = 0
    missing: list[str] = []


class Workspace(msgspec.Struct, frozen=True):
    """What it was called; an import asks anew for name and address."""

    id: str
    name: str
    slug: str
    time_zone: str
    created_at: datetime


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`tables` holds each table's columns with their PostgreSQL types."""

    format: str
    version: int
    made_at: datetime
    made_by: str
    product: str
    fingerprint: str
    migrations: list[str]
    workspace: Workspace
    tables: dict[str, dict[str, str]]
    entries: dict[str, Entry]
    files: Files
    left_out: list[str] = []

    def encode(self) -> bytes:
        return msgspec.json.format(msgspec.json.encode(self), indent=1)


def installation() -> str:
    """A name for this installation that does not tell anybody its key."""
    return _keyed(b"installation")[:16]


def signature(manifest: bytes) -> str:
    """By which this installation recognises what it wrote itself: HMAC-SHA256 (RFC 2104), in hex."""
    return _keyed(b"manifest\0" + manifest)


def is_signature(said: bytes, manifest: bytes) -> bool:
    """Whether this installation said it of this manifest."""
    return hmac.compare_digest(said, signature(manifest).encode())


def _keyed(message: bytes) -> str:
    key = hashlib.sha256(b"tenants.archive\0" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, message, hashlib.sha256).hexdigest()
