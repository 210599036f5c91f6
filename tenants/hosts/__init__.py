"""From a host name to a place, and who may be there."""

from tenants.hosts.access import open_to_visitors, requires
from tenants.hosts.browser_host import NoHost
from tenants.hosts.browser_host import address as ip_address_of
from tenants.hosts.browser_host import normal as as_browsers_read
from tenants.hosts.closed import WorkspaceClosed, open_while
from tenants.hosts.early import AnswersEarly
from tenants.hosts.headers import harden
from tenants.hosts.other_workspaces import named_in as other_workspace_named_in
from tenants.hosts.resolving import (
    WITHOUT_DATABASE,
    Place,
    forget,
    forget_here,
    forget_once_committed,
    named,
    place_of,
    tenant_for,
    tenant_to_read,
)
from tenants.hosts.short_memory import ShortMemory

__all__ = [
    "WITHOUT_DATABASE",
    "AnswersEarly",
    "NoHost",
    "Place",
    "ShortMemory",
    "WorkspaceClosed",
    "as_browsers_read",
    "forget",
    "forget_here",
    "forget_once_committed",
    "harden",
    "ip_address_of",
    "named",
    "open_to_visitors",
    "open_while",
    "other_workspace_named_in",
    "place_of",
    "requires",
    "tenant_for",
    "tenant_to_read",
]
