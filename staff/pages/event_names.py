"""Names of events that no app registered, to be planned or blocked; and what was wrong with calls."""

from __future__ import annotations

import json

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from identity import collecting
from identity.models import EventName, Trouble
from identity.requests import UserRequest
from identity.security import needs_recent_sign_in
from staff.access import staff_only
from staff.navigation import page

A_PAGE = 50
_DECISIONS = (
    (EventName.State.PLANNED, "Planned: it is stored, and what does not fit is counted"),
    (EventName.State.BLOCKED, "Blocked: it is refused from now on, and counted"),
    (EventName.State.UNPLANNED, "Not decided: it is stored, and marked as unplanned"),
)


class DecisionForm(forms.Form):
    state = forms.ChoiceField(label="What becomes of it", choices=_DECISIONS)
    properties = forms.CharField(
        label="Its properties",
        required=False,
        max_length=10_000,
        help_text="A line each, such as “seats: number?”: text, number, flag or any; with a question mark"
        " it may be missing. Nothing: whatever comes.",
        widget=forms.Textarea({"rows": 6, "spellcheck": "false"}),
    )

    def clean_properties(self) -> dict[str, str]:
        try:
            return collecting.read_plan(self.cleaned_data["properties"])
        except collecting.NotAPlan as wrong:
            raise forms.ValidationError(str(wrong)) from None


@require_safe
@never_cache
@staff_only
def event_names(request: UserRequest) -> HttpResponse:
    """The names of one state, the latest first, and all troubles of calls."""
    state = request.GET.get("state", "")
    if state not in EventName.State.values:
        state = EventName.State.UNPLANNED
    rows = EventName.objects.filter(state=state).select_related("source")
    shown = Paginator(rows.order_by("-last_seen_at", "name"), A_PAGE)
    troubles = Trouble.objects.select_related("source").order_by("-last_seen_at", "pk")[:A_PAGE]
    page_obj = shown.get_page(request.GET.get("page"))
    context = {
        "state": state,
        "states": EventName.State.choices,
        "names": [(row, _written(row.example)) for row in page_obj],
        "page_obj": page_obj,
        "query": f"state={state}",
        "troubles": [(row, _written(row.example)) for row in troubles],
    }
    return page(request, "staff/event_names.html", context, at="staff_event_names")


@require_safe
@never_cache
@staff_only
def event_name(request: UserRequest, name_id: int) -> HttpResponse:
    """One of them: an example, and the form that decides."""
    row = get_object_or_404(EventName.objects.select_related("source"), pk=name_id)
    is_new = row.state == EventName.State.UNPLANNED
    plan = collecting.guessed(row.example) if is_new else row.properties
    initial = {
        "state": EventName.State.PLANNED if is_new else row.state,
        "properties": collecting.written_plan(plan),
    }
    return _one(request, row, DecisionForm(initial=initial))


@require_POST
@staff_only
@needs_recent_sign_in
def decide(request: UserRequest, name_id: int) -> HttpResponse:
    """Plan it, block it, or leave it open."""
    row = get_object_or_404(EventName, pk=name_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _one(request, row, form, status=400)
    collecting.decide(row, **form.cleaned_data, by=request.user)
    messages.success(request, f"“{row}” is {row.get_state_display().lower()} now.")
    return redirect("staff_event_names")


def _one(
    request: UserRequest, row: EventName, form: DecisionForm, *, status: int = 200
) -> HttpResponse:
    context = {"row": row, "form": form, "example": _written(row.example)}
    response = page(request, "staff/event_name.html", context, at="staff_event_names")
    response.status_code = status
    return response


def _written(example: object) -> str:
    return json.dumps(example, ensure_ascii=False, indent=1) if example else ""
