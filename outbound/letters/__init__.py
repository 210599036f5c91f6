"""What letters say: kinds with their variables and words, and what becomes of them when one is written.

An app declares its own in `letters.toml` (`declared` says how) and sends a `Draft` of one:

    ledger.send(Draft("tenants.invitation", {"by_name": "Ada", ...}), to="grace@example.com")
"""

from outbound.letters.checking import problems
from outbound.letters.content import Block, Content, as_raw, from_raw
from outbound.letters.declared import load
from outbound.letters.draft import Draft
from outbound.letters.kinds import (
    UNSUBSCRIBE,
    LetterKind,
    Type,
    UnknownKind,
    Variable,
    every,
    get,
    register,
)
from outbound.letters.placeholders import Wrong
from outbound.letters.rendering import in_brief, render

__all__ = [
    "UNSUBSCRIBE",
    "Block",
    "Content",
    "Draft",
    "LetterKind",
    "Type",
    "UnknownKind",
    "Variable",
    "Wrong",
    "as_raw",
    "every",
    "from_raw",
    "get",
    "in_brief",
    "load",
    "problems",
    "register",
    "render",
]
