"""What the processes say: one line a record, the same from everybody, and never a secret in it."""

from plg_site.logs.configuring import JSON, LINE, READY, configuration
from plg_site.logs.role import role

__all__ = ["JSON", "LINE", "READY", "configuration", "role"]
