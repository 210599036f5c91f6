"""What requests carry on a workspace host, for annotations."""

from __future__ import annotations

from identity.requests import UserRequest, VisitorRequest
from tenants.models import ApiKey, Membership, Tenant

# What is noted in a request's WSGI environment for who looks at the installation: the name of its route,
# and the id of its workspace.
ROUTE, WORKSPACE = "plg.route", "plg.workspace"


class HostRequest(VisitorRequest):
    """Any request, after `HostMiddleware`: a tenant on a workspace host, else None."""

    tenant: Tenant | None
    membership: Membership | None
    is_bare_host: bool  # the files host: nothing may set a cookie


class WorkspaceRequest(UserRequest):
    """A member's request on a workspace host, after `MembershipMiddleware`."""

    tenant: Tenant
    membership: Membership


class KeyedRequest(WorkspaceRequest):
    """A request with an API key of the workspace."""

    api_key: ApiKey
