"""The page about one person: what identity knows, and what the apps above tell."""

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

from identity import security
from identity.models import Person, SignIn, User
from identity.requests import UserRequest
from staff import panels, trail
from staff.access import staff_only
from staff.finding import Found
from staff.navigation import page

KIND = "person"
_SIGN_INS = 10


@require_safe
@never_cache
@staff_only
def person(request: UserRequest, pk: UUID) -> HttpResponse:
    """Who they are and how they sign in; nothing that they wrote in a workspace."""
    found = get_object_or_404(Person.objects.select_related("user"), pk=pk, user__isnull=False)
    trail.note(request.user, KIND, found.pk)
    user = found.user
    assert user is not None  # noqa: S101 (asked for above)
    context = {
        "person": found,
        "subject": user,
        "addresses": EmailAddress.objects.filter(user=user).order_by("-primary", "email"),
        "sign_ins": SignIn.objects.filter(user=user).order_by("-seen_at")[:_SIGN_INS],
        "has_second_factor": security.has_second_factor(user),
        "panels": panels.about(KIND, found),
    }
    return page(request, "staff/person.html", context)


def find(text: str, most: int) -> Sequence[Found]:
    """People by the beginning of an address, or a part of their name."""
    starts = text.lower()
    fits = Q(email__startswith=starts) | Q(name__icontains=text)
    rows = User.objects.filter(fits, person__isnull=False).select_related("person")
    return [
        Found(user.name or user.email, user.email, reverse("staff_person", args=[user.person.pk]))
        for user in rows.order_by("email")[:most]
    ]


def names(ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The addresses of these people."""
    rows = Person.objects.filter(pk__in=ids, user__isnull=False)
    return dict(rows.values_list("pk", "user__email"))


trail.register(KIND, trail.Kind(names, "staff_person"))
