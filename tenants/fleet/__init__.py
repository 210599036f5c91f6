"""Bringing the schemas of all workspaces to the version of the code: `manage.py migrate_tenants`."""

from tenants.fleet.impatience import IN_USE, giving_way
from tenants.fleet.versions import behind, fleet

__all__ = [
    "IN_USE",
    "behind",
    "fleet",
    "giving_way",
]
