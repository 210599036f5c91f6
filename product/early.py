"""The hot path: a click on a short link, answered before sessions, sign-in and pages begin.

See tenants/hosts/early.py for what calls this, and when.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from django.http import HttpResponse

from product import destinations
from product.models import CODE_MAX_LENGTH
from product.redirect import send_on
from tenants.models import Tenant

_CLICK = re.compile(rf"/[A-Za-z0-9_-]{{1,{CODE_MAX_LENGTH}}}")


def may_answer(method: str, path: str) -> bool:
    """Whether it looks like a click: one segment, and no slash at its end as pages have."""
    return method in ("GET", "HEAD") and _CLICK.fullmatch(path) is not None


def view_for(path: str, tenant: Tenant) -> Callable[..., HttpResponse] | None:
    """The view that sends the visitor on; None for a code that is not known."""
    destination = destinations.known(tenant, path[1:])
    return partial(send_on, destination=destination) if destination else None
