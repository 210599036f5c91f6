"""Links with what a list shows beside them: the full address and the clicks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from product import clicks
from product.models import Link
from tenants import workspace_url
from tenants.models import Tenant


@dataclass(frozen=True)
class LinkRow:
    """A link in a list; `clicks` is None while the event store cannot be reached."""

    link: Link
    short_url: str
    clicks: int | None

    @property
    def shown(self) -> tuple[object, ...]:
        """What a list says of it: when that differs, the list has changed."""
        link = self.link
        return link.code, link.title, link.destination, self.clicks

    @property
    def shown_url(self) -> str:
        """The address without its scheme, as people write it."""
        return self.short_url.partition("://")[2]


def short_url(tenant: Tenant, link: Link) -> str:
    """The absolute address of the link."""
    return workspace_url(tenant, f"/{link.code}")


def rows(tenant: Tenant, links: Iterable[Link]) -> list[LinkRow]:
    """The links in the same order, each with its clicks; one question to the event store."""
    found = list(links)
    counts = clicks.totals(tenant, [link.id for link in found])
    return [
        LinkRow(link, short_url(tenant, link), None if counts is None else counts[link.id])
        for link in found
    ]
