"""A workspace as one file: written, checked, and made into a new workspace again.

`export.write` makes it, `verification.verify` reads all of it before anything is written, and
`restoring.restore` makes a workspace of it. docs/archives.md describes the file.
"""

from tenants.archive.refusals import ArchiveRefused
from tenants.archive.shared import Part
from tenants.archive.shared import register as register_part

__all__ = [
    "ArchiveRefused",
    "Part",
    "register_part",
]
