"""Workspaces: provisioning, hosts, membership, invitations, API keys."""

from tenants.addresses import workspace_url

__all__ = ["workspace_url"]
