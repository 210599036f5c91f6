"""What one human did, also before anybody knew them: pages from the newest on, by what is asked."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from events import registry
from events.event import Event
from events.store import StoreUnavailable, TimelineMark
from identity import people
from identity.models import Person
from identity.requests import UserRequest
from staff import trail
from staff.access import staff_only
from staff.navigation import page
from staff.pages.people.person import KIND, title

_LONGEST = 120  # characters of a value that is shown


class FilterForm(forms.Form):
    """All of it may be left out. Days are in UTC, both ends included."""

    name = forms.CharField(label="Event", required=False, max_length=200)
    workspace = forms.CharField(label="Workspace (its key in logs)", required=False, max_length=63)
    first = forms.DateField(
        label="From", required=False, widget=forms.DateInput({"type": "date", "max": "2100-01-01"})
    )
    last = forms.DateField(
        label="Until", required=False, widget=forms.DateInput({"type": "date", "max": "2100-01-01"})
    )

    def clean(self) -> dict[str, object]:
        said = super().clean() or {}
        first, last = said.get("first"), said.get("last")
        if first and last and first > last:
            self.add_error("last", "This is before the first day.")
        return said


@require_safe
@never_cache
@staff_only
def of_person(request: UserRequest, pk: UUID) -> HttpResponse:
    """A page of what they did, the newest first."""
    found = get_object_or_404(Person.objects.select_related("user"), pk=pk)
    trail.note(request.user, KIND, found.pk)
    form = FilterForm(request.GET)
    context: dict[str, object] = {"person": found, "title": title(found), "form": form}
    if form.is_valid():
        try:
            context |= _page(found, form.cleaned_data, request.GET)
        except StoreUnavailable:
            context["is_away"] = True
    context["names"] = registry.names()
    return page(request, "staff/timeline.html", context, at="staff_people")


def _page(person: Person, said: dict[str, object], asked: QueryDict) -> dict[str, object]:
    shown = people.timeline_of(
        people.human(person.pk),
        before=_mark(asked.get("before", "")),
        names=[str(said["name"])] if said["name"] else (),
        tenant=str(said["workspace"]) or None,
        start=_midnight(said["first"]),
        end=_midnight(said["last"], days=1),
    )
    query = asked.copy()
    query.pop("before", None)
    return {
        "lines": [_line(event) for event in shown.events],
        "older": str(shown.next) if shown.next else "",
        "query": query.urlencode(),
        "is_first": not asked.get("before"),
    }


def _line(event: Event) -> dict[str, object]:
    return {
        "event": event,
        "how": "known" if event.person else "not known then",
        "values": [(key, _short(value)) for key, value in list(event.properties.items())[:12]],
        "more": max(0, len(event.properties) - 12),
    }


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _mark(text: str) -> TimelineMark | None:
    """Where the page before ended; one that is none begins with the newest."""
    try:
        return TimelineMark.of(text) if text else None
    except ValueError:
        return None


def _midnight(day: object, *, days: int = 0) -> datetime | None:
    if not day:
        return None
    return datetime.combine(day, time(), UTC) + timedelta(days=days)  # type: ignore[arg-type]
