"""The search box of staff."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from staff import finding
from staff.access import staff_only
from staff.navigation import page


@require_safe
@never_cache
@staff_only
def search(request: HttpRequest) -> HttpResponse:
    """Workspaces, people, invoices: by name, address or number."""
    wanted = request.GET.get("q", "").strip()[: finding.LONGEST]
    answers = finding.look_for(wanted) if wanted else []
    return page(
        request, "staff/search.html", {"wanted": wanted, "answers": answers}, at="staff_search"
    )
