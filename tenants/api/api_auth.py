"""`Authorization: Bearer <key>` for the workspace's API."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from ninja.security import HttpBearer

from tenants import audit
from tenants.hosts import closed
from tenants.keys import api_keys
from tenants.models import ApiKey
from tenants.requests import HostRequest, KeyedRequest


class ApiKeyAuth(HttpBearer):
    """Accepts a live key of the workspace whose host was called; sets `request.api_key`.

    Raises closed.WorkspaceClosed to who has a key of a workspace that is not open.
    """

    openapi_bearerFormat = "API key"  # the name in the document

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        tenant = cast(HostRequest, request).tenant
        key = api_keys.find(tenant, token) if tenant else None
        if key is not None:
            closed.require_open(key.tenant)
            audit.with_key(key.name)
            cast(KeyedRequest, request).api_key = key
        return key
