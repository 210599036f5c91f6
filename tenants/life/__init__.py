"""What becomes of a workspace: moved, suspended, deleted, purged."""

from tenants.life.purge import MustWait as PurgeMustWait
from tenants.life.purge import keep as keep_at_purge
from tenants.life.suspension import resume, suspend

__all__ = [
    "PurgeMustWait",
    "keep_at_purge",
    "resume",
    "suspend",
]
