"""The reference of `request`: the same pages behind plain Django (see plain_settings.py)."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application


class OneWorkspace:
    """In place of HostMiddleware: whose request it is was known when the process started."""

    def __init__(self, get_response: Any) -> None:
        self._get_response = get_response
        self._tenant: Any = None

    def __call__(self, request: Any) -> Any:
        if self._tenant is None:
            from tenants.models import Tenant

            self._tenant = Tenant.objects.get(schema_name=os.environ["PLAIN_SCHEMA"])
        request.tenant, request.membership, request.is_bare_host = self._tenant, None, False
        request.urlconf = settings.ROOT_URLCONF
        return self._get_response(request)


application = get_wsgi_application()
