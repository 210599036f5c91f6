"""Who did what in a workspace, and when: written, read, and told."""

from tenants.audit.recording import during, note, with_key
from tenants.audit.spreadsheet import Echo, safe

__all__ = [
    "Echo",
    "during",
    "note",
    "safe",
    "with_key",
]
