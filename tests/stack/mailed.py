"""What nobody may read in a line or a span: what was mailed, and to whom."""

from __future__ import annotations

import email
import re
from email import policy
from pathlib import Path

# In a mail: a code, or what is drawn by lot in a link.
DRAWN = re.compile(
    r"(?m)^\s*[A-Z0-9]{3,4}-?[A-Z0-9]{3,4}\s*$|(?<=/)[\w:.-]{20,}(?=[/\s?])|(?<==)[\w:.%-]{20,}"
)


def secrets(state: Path) -> set[str]:
    """Of all letters of a stack."""
    found = set[str]()
    for letter in (state / "outbox").glob("*.eml"):
        message = email.message_from_bytes(letter.read_bytes(), policy=policy.default)
        found.add(str(message["to"]))
        body = message.get_body(("plain",))
        assert body is not None
        found.update(each.strip() for each in DRAWN.findall(body.get_content()))
    return found
