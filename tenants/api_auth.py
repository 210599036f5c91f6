"""`Authorization: Bearer <key>` for the workspace's API."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security import HttpBearer

from tenants import api_keys
from tenants.models import ApiKey


class ApiKeyAuth(HttpBearer):
    """Accepts a live key of the workspace whose host was called; sets `request.api_key`."""

    openapi_bearer_format = "API key"

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        if request.tenant is None:
            return None
        key = api_keys.find(request.tenant, token)
        request.api_key = key
        return key
