"""What a person may ask for, done by staff: their archive, and to be forgotten, with a receipt."""

from __future__ import annotations

from uuid import UUID

import structlog
from django import forms
from django.core.paginator import Paginator
from django.db import transaction
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import OperationalError

from events.store import StoreUnavailable
from identity import privacy
from identity.models import Erasure, Person
from identity.requests import UserRequest
from identity.security import needs_recent_sign_in, needs_recent_sign_in_to_send
from identity.tasks import finish_erasures
from staff import trail
from staff.access import staff_only
from staff.navigation import page
from staff.pages.people.person import KIND, title
from staff.pages.people.rights import ERASE, EXPORT, needs

A_PAGE = 25
_WORD = "forget"
log = structlog.get_logger()


class EraseForm(forms.Form):
    reason = forms.CharField(
        label="Who asked for it, and when",
        max_length=300,
        widget=forms.TextInput({"placeholder": "Asked by mail on 3 May."}),
    )
    word = forms.CharField(label=f"Type “{_WORD}”", max_length=20)

    def clean_word(self) -> str:
        typed = str(self.cleaned_data["word"]).strip().lower()
        if typed != _WORD:
            raise forms.ValidationError(f"Type “{_WORD}”: this cannot be undone.")
        return typed


@require_POST
@never_cache
@staff_only
@needs(EXPORT)
@needs_recent_sign_in
def export(request: UserRequest, pk: UUID) -> HttpResponseBase:
    """Everything that is known of them, as a ZIP."""
    found = get_object_or_404(Person.objects.select_related("user"), pk=pk)
    trail.note(request.user, KIND, found.pk)
    try:
        file = privacy.archive(found)
    except StoreUnavailable:
        context = {"person": found, "title": title(found)}
        answer = page(request, "staff/no_export.html", context, at="staff_people")
        answer.status_code = 503
        return answer
    return FileResponse(file, as_attachment=True, filename=f"person-{found.pk}.zip")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@staff_only
@needs(ERASE)
@needs_recent_sign_in_to_send
def erase(request: UserRequest, pk: UUID) -> HttpResponse:
    """Say what goes and what stays, ask for a reason, forget them."""
    found = get_object_or_404(Person.objects.select_related("user"), pk=pk)
    trail.note(request.user, KIND, found.pk)
    form = EraseForm(request.POST if request.method == "POST" else None)
    obstacles: list[privacy.Obstacle] = privacy.obstacles(found.user) if found.user else []
    if form.is_valid():
        try:
            made = privacy.begin(found.pk, by=request.user, reason=form.cleaned_data["reason"])
        except privacy.NotErased as refused:
            form.add_error(None, str(refused))
        except privacy.NotYet as refused:
            obstacles = refused.obstacles
            form.add_error(None, "Something stands in the way: see below.")
        else:
            transaction.on_commit(_go_on)
            return redirect("staff_erasure", made.pk)
    context = {"person": found, "title": title(found), "form": form, "obstacles": obstacles}
    answer = page(request, "staff/erase.html", context, at="staff_people")
    answer.status_code = 400 if form.errors else 200
    return answer


def _go_on() -> None:
    """Not to wait for the next round."""
    try:
        finish_erasures.apply_async(retry=False)
    except OperationalError as error:  # the broker is away: the next round takes it up
        log.warning("erasure_waits_for_its_round", error=str(error))


@require_safe
@never_cache
@staff_only
def erasure(request: UserRequest, pk: UUID) -> HttpResponse:
    """The receipt: what was rewritten, or how far it is."""
    receipt = get_object_or_404(Erasure.objects.select_related("by"), pk=pk)
    return page(request, "staff/erasure.html", {"receipt": receipt}, at="staff_people")


@require_safe
@never_cache
@staff_only
def erasures(request: UserRequest) -> HttpResponse:
    """All receipts, the newest first."""
    rows = Erasure.objects.select_related("by").order_by("-asked_at")
    context = {"page_obj": Paginator(rows, A_PAGE).get_page(request.GET.get("page"))}
    return page(request, "staff/erasures.html", context, at="staff_people")
