"""Bringing the schemas of all workspaces to the version of the code: `manage.py migrate_tenants`."""
