"""What belongs to a workspace and lies in shared tables. Layers above register their own parts.

No part holds a secret or the hash of one: API keys, invitations' links and sessions stay behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tenants.models import ApiKey, Domain, Membership, Tenant
from tenants.models.life import AuditEntry, JoinDomain

Row = Mapping[str, Any]
People = Mapping[str, UUID]  # a person's id in the archive: the id here


@dataclass(frozen=True)
class Part:
    """An entry shared/<name>.jsonl.

    `rows` gives what JSON can say (also UUID, datetime, Decimal). `restore` writes the rows into a
    new workspace in the caller's transaction and returns how many; None: they are for people to
    read. It raises ValueError for a row that it does not take, and writes through the function that
    pages and API use, so that their rules hold for what an archive brings.

    `most`: so many rows are taken at an import; 0: nothing of an import reads them.
    """

    name: str
    rows: Callable[[Tenant], Iterable[Row]]
    restore: Callable[[Tenant, Iterable[Row], People], int] | None = None
    most: int = 0

    def __post_init__(self) -> None:
        if self.restore is not None and self.most < 1:
            raise ValueError(f"{self.name}: say how many rows an import may bring at most")


_registered: dict[str, Part] = {}


def register(part: Part) -> None:
    """Write this part into every archive from now on."""
    _registered[part.name] = part


def parts() -> dict[str, Part]:
    return dict(sorted(_registered.items()))


def members(tenant: Tenant) -> Iterator[Row]:
    """Also says which person in the tables is whom: ids of persons mean nothing elsewhere."""
    rows = Membership.objects.for_tenant(tenant).select_related("user__person").order_by("pk")
    for row in rows.iterator(chunk_size=500):
        person = getattr(row.user, "person", None)
        yield {
            "person": person.id if person else None,
            "email": row.user.email,
            "name": row.user.name,
            "role": row.role,
            "joined_at": row.joined_at,
        }


def _domains(tenant: Tenant) -> Iterator[Row]:
    for row in Domain.objects.filter(tenant=tenant).order_by("pk"):
        yield {"domain": row.domain, "is_primary": row.is_primary}


def _open_doors(tenant: Tenant) -> Iterator[Row]:
    yield from JoinDomain.objects.for_tenant(tenant).order_by("pk").values("domain", "opened_at")


def _api_keys(tenant: Tenant) -> Iterator[Row]:
    rows = ApiKey.objects.for_tenant(tenant).order_by("pk")
    yield from rows.values("name", "created_at", "last_used_at", "revoked_at").iterator()


def _audit_log(tenant: Tenant) -> Iterator[Row]:
    rows = AuditEntry.objects.for_tenant(tenant).order_by("pk")
    for row in rows.iterator(chunk_size=500):
        yield {
            "at": row.at,
            "by_name": row.who,
            "action": row.action,
            "target": row.target,
            "details": row.details,
        }


for _part in (
    Part("members", members, most=10_000),  # `restoring` reads who they are
    Part("domains", _domains),
    Part("open_domains", _open_doors),
    Part("api_keys", _api_keys),
    Part("audit_log", _audit_log),
):
    register(_part)
