"""Bringing the schemas of all workspaces to the version of the code: `manage.py migrate_tenants`."""

from tenants.fleet.versions import behind, fleet

__all__ = [
    "behind",
    "fleet",
]
