"""The page of the level of pressure: how it stands and why, and a form to set it by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from events import pressure as events_pressure
from identity.persons import person_of
from identity.requests import UserRequest
from identity.security import needs_recent_sign_in
from staff.access import staff_only
from staff.navigation import page
from staff.pressure import PressurePage

_LEVELS = (
    (0, "0: nothing is left out, whatever the signals say"),
    (1, "1: samples of page views; slower alerts and digests"),
    (2, "2: also no marketing mail, previews, exports, staff usage"),
    (3, "3: also the release alone for visitors; a waiting room for sign-up"),
)
_HOURS = (
    (1, "for an hour"),
    (4, "for 4 hours"),
    (12, "for 12 hours"),
    (24, "for a day"),
    (72, "for 3 days"),
)


class ByHandForm(forms.Form):
    level = forms.TypedChoiceField(
        label="At least this level", choices=_LEVELS, coerce=int, initial=1
    )
    hours = forms.TypedChoiceField(label="How long", choices=_HOURS, coerce=int, initial=4)
    because = forms.CharField(
        label="Why, as others read it",
        max_length=300,
        widget=forms.TextInput({"placeholder": "We are in the news tonight."}),
    )


@require_safe
@never_cache
@staff_only
def pressure(request: UserRequest) -> HttpResponse:
    """The page; asked for by htmx, only the part that changes."""
    shown = PressurePage.of()
    if request.headers.get("HX-Request"):
        return render(request, "staff/pressure_live.html", {"page": shown})
    return _page(request, shown, ByHandForm())


@require_POST
@staff_only
@needs_recent_sign_in
def set_by_hand(request: UserRequest) -> HttpResponse:
    """Hold at least this level for so many hours."""
    form = ByHandForm(request.POST)
    if not form.is_valid():
        return _page(request, PressurePage.of(), form, status=400)
    said, now = form.cleaned_data, datetime.now(UTC)
    try:
        events_pressure.by_hand(
            said["level"],
            until=now + timedelta(hours=said["hours"]),
            because=said["because"],
            by=request.user.email,
            person=person_of(request.user).pk,
            now=now,
        )
    except events_pressure.Refused as refused:
        form.add_error(None, str(refused))
        return _page(request, PressurePage.of(), form, status=400)
    messages.success(request, f"Level {said['level']} by hand; every process knows within seconds.")
    return redirect("staff_pressure")


@require_POST
@staff_only
@needs_recent_sign_in
def end_by_hand(request: UserRequest) -> HttpResponse:
    """The signals alone decide again."""
    events_pressure.end_by_hand(by=request.user.email, person=person_of(request.user).pk)
    messages.success(request, "The signals alone decide again.")
    return redirect("staff_pressure")


def _page(
    request: UserRequest, shown: PressurePage, form: ByHandForm, *, status: int = 200
) -> HttpResponse:
    context = {"page": shown, "form": form}
    response = page(request, "staff/pressure.html", context, at="staff_pressure")
    response.status_code = status
    return response
