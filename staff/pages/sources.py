"""The page of sources: what tells the collector of events, a new one with its write key, and their end."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from identity import collecting
from identity.models import Source
from identity.requests import UserRequest
from identity.security import needs_recent_sign_in
from staff.access import staff_only
from staff.navigation import page

A_PAGE = 50
_KINDS = (
    (Source.Kind.WEBSITE, "Website: everybody who opens it can read the key"),
    (Source.Kind.APP, "App: everybody who has it can read the key"),
    (Source.Kind.SERVER, "Server: the key stays with us, and may speak for any person"),
    (Source.Kind.IMPORT, "Import: the same, for what happened before"),
)


class SourceForm(forms.Form):
    name = forms.CharField(
        label="Name", max_length=80, widget=forms.TextInput({"placeholder": "Backend"})
    )
    kind = forms.ChoiceField(label="Who holds its key", choices=_KINDS, initial=Source.Kind.SERVER)


@require_safe
@never_cache
@staff_only
def sources(request: UserRequest) -> HttpResponse:
    """Those that tell of events, and those that have ended."""
    return _page(request, SourceForm())


@require_POST
@never_cache
@staff_only
@needs_recent_sign_in
def create(request: UserRequest) -> HttpResponse:
    """Make one; the answer shows its key, which nobody can see again."""
    form = SourceForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    try:
        source, key = collecting.create(
            form.cleaned_data["name"], kind=form.cleaned_data["kind"], by=request.user
        )
    except collecting.NotMade as refused:
        form.add_error(None, str(refused))
        return _page(request, form, status=400)
    return _page(request, SourceForm(), made=source, key=key)


@require_POST
@staff_only
@needs_recent_sign_in
def end(request: UserRequest, pk: UUID) -> HttpResponse:
    """Its key opens nothing from now on."""
    source = get_object_or_404(Source, pk=pk)
    collecting.end(source, by=request.user)
    messages.success(request, f"“{source}” has ended; collectors know within seconds.")
    return redirect("staff_sources")


def _page(
    request: UserRequest,
    form: SourceForm,
    *,
    made: Source | None = None,
    key: str = "",
    status: int = 200,
) -> HttpResponse:
    rows = Source.objects.order_by(F("ended_at").desc(nulls_first=True), "name")
    shown = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "made": made,
        "key": key,
        "sources": list(shown),
        "page_obj": shown,
        "query": "",
        "address": settings.COLLECT_URL,
    }
    response = page(request, "staff/sources.html", context, at="staff_sources")
    response.status_code = status
    return response
