"""What the product says about its tables: `<PRODUCT_APP>/portability.py`, all of it optional.

FILES    {table: [columns]} that hold a name in the storage "workspaces": "<schema>/<rest>"
PERSONS  {table: [columns]} that hold a person's id; they mean nothing on another installation
EMPTIED  {table: {column: value}} that leaves no workspace: secrets and what is made of them
SIZES    {table: {column: column of FILES}}: how many bytes that file has
CHECKSUMS  {table: {column: column of FILES}}: its SHA-256, in hex
SAMPLES  {table: column} that says of a row that it came with the workspace, and counts for nothing
METERED  {table: {meter: column, or 1}}: what each row that is no sample adds to a meter's limit
ONE_LINE  {table: [columns]}: words that people type in one line; an import makes such a line of them
check(table, row)                  raises ValueError with words for a row that no page would have made
imported(tenant, *, person_id)     tells meters what is there now; inside the import's transaction

What SIZES, CHECKSUMS and SAMPLES name is never taken from a row of an archive: `facts` writes it. And
what METERED adds up to is asked of the new workspace's plan before the first row is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from django.conf import settings

from tenants.models import Tenant


@dataclass(frozen=True)
class Portability:
    """The module's words, or nothing."""

    files: Mapping[str, Sequence[str]] = field(default_factory=dict)
    persons: Mapping[str, Sequence[str]] = field(default_factory=dict)
    emptied: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sizes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    checksums: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    samples: Mapping[str, str] = field(default_factory=dict)
    metered: Mapping[str, Mapping[str, str | int]] = field(default_factory=dict)
    one_line: Mapping[str, Sequence[str]] = field(default_factory=dict)
    module: Any = None

    def check(self, table: str, row: Mapping[str, Any]) -> None:
        """Raises ValueError (Django's ValidationError, too, is told apart by the caller)."""
        if hasattr(self.module, "check"):
            self.module.check(table, row)

    def imported(self, tenant: Tenant, *, person_id: UUID) -> None:
        """The rows are there and not committed yet; the schema is entered."""
        if hasattr(self.module, "imported"):
            self.module.imported(tenant, person_id=person_id)


@cache
def portability() -> Portability:
    """Of the product in use."""
    name = f"{settings.PRODUCT_APP}.portability"
    if find_spec(name) is None:
        return Portability()
    module = import_module(name)
    return Portability(
        files=getattr(module, "FILES", {}),
        persons=getattr(module, "PERSONS", {}),
        emptied=getattr(module, "EMPTIED", {}),
        sizes=getattr(module, "SIZES", {}),
        checksums=getattr(module, "CHECKSUMS", {}),
        samples=getattr(module, "SAMPLES", {}),
        metered=getattr(module, "METERED", {}),
        one_line=getattr(module, "ONE_LINE", {}),
        module=module,
    )
