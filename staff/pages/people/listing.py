"""Staff look for people: by name, address, the name that a server calls them, an attribute, and by
what the apps above add (a workspace)."""

from __future__ import annotations

import json
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from identity.models import Person, PersonIdentifier
from identity.requests import UserRequest
from staff import people_filters
from staff.access import staff_only
from staff.navigation import page

A_PAGE, MOST = 25, 1_000  # rows; who looks for older ones says more
_LONGEST = 200


@require_safe
@never_cache
@staff_only
def people(request: UserRequest) -> HttpResponse:
    """The newest ones that fit everything that was typed."""
    asked = {key: str(text).strip()[:_LONGEST] for key, text in request.GET.items()}
    rows = Person.objects.filter(merged_into=None).select_related("user")
    rows = by_words(rows, asked.get("q", ""))
    rows = by_attribute(rows, asked.get("attribute", ""), asked.get("value", ""))
    filters = people_filters.registered()
    for each in filters:
        if text := asked.get(each.key, ""):
            rows = each.narrow(rows, text)
    newest = list(rows.order_by("-pk")[:MOST])
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page_obj": Paginator(newest, A_PAGE).get_page(request.GET.get("page")),
        "query": query.urlencode(),
        "asked": asked,
        "filters": [
            {"key": each.key, "label": each.label, "text": asked.get(each.key, "")}
            for each in filters
        ],
        "is_cut": len(newest) == MOST,
        "is_asked": any(asked.values()),
    }
    return page(request, "staff/people.html", context, at="staff_people")


def by_words(rows: QuerySet[Person], text: str) -> QuerySet[Person]:
    """Those whose name has it, whose address begins with it, or whom a server calls so."""
    if not text:
        return rows
    called = PersonIdentifier.objects.filter(value=text).values("person")
    fits = Q(name__icontains=text) | Q(email__startswith=text.lower()) | Q(pk__in=called)
    users = Q(user__email__startswith=text.lower()) | Q(user__name__icontains=text)
    return rows.filter(fits | users)


def by_attribute(rows: QuerySet[Person], name: str, text: str) -> QuerySet[Person]:
    """Those of whom this is believed; without a value, anything by that name."""
    if not name:
        return rows
    if not text:
        return rows.filter(attributes__has_key=name)
    fits = Q()
    for value in _readings(text):
        fits |= Q(attributes__contains={name: value})
    return rows.filter(fits)


def _readings(text: str) -> list[Any]:
    """What was typed as the text that it is, and as the number or flag that it may be."""
    try:
        read = json.loads(text)
    except ValueError:
        return [text]
    return [text, read] if isinstance(read, int | float | bool) else [text]
