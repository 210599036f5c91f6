"""CSV (RFC 4180) that a spreadsheet opens without running anything, written row by row."""

from __future__ import annotations

# What a spreadsheet takes for a formula (OWASP, "CSV Injection"); a quote before it makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class Echo:
    """A file whose `write` gives back what is written."""

    def write(self, text: str) -> str:
        return text


def safe(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
