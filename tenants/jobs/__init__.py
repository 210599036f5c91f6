"""Work in the background: over many rows, for one workspace, by the name of a task."""

from tenants.jobs.rows import failed as row_failed
from tenants.jobs.rows import lately_failed

__all__ = [
    "lately_failed",
    "row_failed",
]
