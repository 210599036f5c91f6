"""Who did what in a workspace, and when: written, read, and told."""

from tenants.audit.audit_log import in_words as action_in_words
from tenants.audit.recording import during, note, with_key
from tenants.audit.spreadsheet import Echo, safe

__all__ = [
    "Echo",
    "action_in_words",
    "during",
    "note",
    "safe",
    "with_key",
]
