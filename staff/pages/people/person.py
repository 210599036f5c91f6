"""The page about one person: what identity knows and who said so, and what the apps above tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from identity import people, security
from identity.models import Person, PersonAttribute, SignIn, User
from identity.requests import UserRequest
from staff import panels, trail
from staff.access import staff_only
from staff.finding import Found
from staff.navigation import page
from staff.pages.people import rights

KIND = "person"
_SIGN_INS, _SAID, _BROWSERS = 10, 100, 20
_SOURCES = dict(PersonAttribute.Source.choices)


@require_safe
@never_cache
@staff_only
def person(request: UserRequest, pk: UUID) -> HttpResponse:
    """Who they are, what is believed of them and why; nothing that they wrote in a workspace."""
    found = get_object_or_404(Person.objects.select_related("user", "merged_into"), pk=pk)
    trail.note(request.user, KIND, found.pk)
    whom = people.human(found.pk)
    context = {
        "person": found,
        "title": title(found),
        "subject": found.user,
        "called": people.called(found.pk),
        "browsers": whom.browsers[:_BROWSERS],
        "more_browsers": max(0, len(whom.browsers) - _BROWSERS),
        "attributes": [
            {"name": name, "value": each.value, "by": _SOURCES[each.source], "at": each.at}
            for name, each in people.known(whom.subjects).items()
        ],
        "said": PersonAttribute.objects.filter(subject__in=whom.subjects).order_by("-at", "-id")[
            :_SAID
        ],
        "consents": people.consents_of(whom.subjects)[:20],
        "merges": people.merges(found),
        "reached": _reached(found),
        "panels": panels.about(KIND, found),
        "may": {
            name: request.user.has_perm(right)
            for name, right in (
                ("merge", rights.MERGE),
                ("erase", rights.ERASE),
                ("export", rights.EXPORT),
            )
        },
        **(_account(found.user) if found.user else {}),
    }
    return page(request, "staff/person.html", context, at="staff_people")


def _account(user: User) -> dict[str, object]:
    """How somebody with a login signs in."""
    return {
        "addresses": EmailAddress.objects.filter(user=user).order_by("-primary", "email"),
        "sign_ins": SignIn.objects.filter(user=user).order_by("-seen_at")[:_SIGN_INS],
        "has_second_factor": security.has_second_factor(user),
    }


def _reached(found: Person) -> list[tuple[str, str, str]]:
    """By what they are reached: what it is, its value, how it is known."""
    how = dict(Person.From.choices)
    labels = (("time_zone", "Time zone"), ("locale", "Language"), ("phone", "Phone"))
    return [
        (label, getattr(found, name), how.get(getattr(found, f"{name}_from"), ""))
        for name, label in labels
        if getattr(found, name)
    ]


def title(found: Person) -> str:
    """What a page calls somebody."""
    user = found.user
    told = (user.name or user.email) if user else (found.name or found.email)
    return told or f"Somebody without a name ({str(found.pk)[-12:]})"


def find(text: str, most: int) -> Sequence[Found]:
    """People by the beginning of an address, or a part of their name."""
    starts = text.lower()
    fits = Q(email__startswith=starts) | Q(name__icontains=text)
    fits |= Q(user__email__startswith=starts) | Q(user__name__icontains=text)
    rows = Person.objects.filter(fits, merged_into=None).select_related("user")
    return [
        Found(
            title(row),
            row.user.email if row.user else row.email,
            reverse("staff_person", args=[row.pk]),
        )
        for row in rows.order_by("email", "pk")[:most]
    ]


def names(ids: Collection[UUID]) -> Mapping[UUID, str]:
    """What these people are called."""
    rows = Person.objects.filter(pk__in=ids).select_related("user")
    return {row.pk: row.user.email if row.user else title(row) for row in rows}


trail.register(KIND, trail.Kind(names, "staff_person"))
