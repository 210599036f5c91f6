"""The hot path: a click on a short link, answered before sessions, sign-in and pages begin.

See tenants/early.py for what calls this, and when.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse

from product import destinations
from product.redirect import send_on
from tenants.models import Tenant


def may_answer(request: HttpRequest) -> bool:
    """Whether it looks like a click: one segment, and no slash at its end as pages have."""
    path = request.path_info
    return request.method in ("GET", "HEAD") and path.rfind("/") == 0 and len(path) > 1


def view_for(request: HttpRequest, tenant: Tenant) -> Callable[..., HttpResponse] | None:
    """The view that sends the visitor on; None for a code that is not known."""
    destination = destinations.known(tenant, request.path_info[1:])
    return partial(send_on, destination=destination) if destination else None
