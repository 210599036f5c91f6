"""Staff join two persons that are one human, and take them apart again."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from identity import people
from identity.models import Person, PersonMerge
from identity.people import NotMerged
from identity.requests import UserRequest
from identity.security import needs_recent_sign_in, needs_recent_sign_in_to_send
from staff import trail
from staff.access import staff_only
from staff.navigation import page
from staff.pages.people.listing import by_words
from staff.pages.people.person import KIND, title
from staff.pages.people.rights import MERGE, needs

_CANDIDATES = 10


class MergeForm(forms.Form):
    other = forms.UUIDField(label="Number of the other person")
    reason = forms.CharField(
        label="Why they are one human",
        max_length=300,
        widget=forms.TextInput({"placeholder": "Wrote to us from both addresses."}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@staff_only
@needs(MERGE)
@needs_recent_sign_in_to_send
def merge(request: UserRequest, pk: UUID) -> HttpResponse:
    """Look for the other one, see both side by side, join them."""
    one = get_object_or_404(Person.objects.select_related("user"), pk=pk)
    trail.note(request.user, KIND, one.pk)
    asked = request.POST if request.method == "POST" else request.GET
    other = _other(one, asked.get("other", ""))
    form = MergeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = people.merge(
                one.pk, form.cleaned_data["other"], by=request.user,
                reason=form.cleaned_data["reason"],
            )  # fmt: skip
        except NotMerged as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "They are one person now. It can be undone at any time.")
            return redirect("staff_person", made.kept_id)
    wanted = request.GET.get("q", "").strip()[:200]
    context = {
        "person": one,
        "title": title(one),
        "form": form,
        "wanted": wanted,
        "candidates": _candidates(one, wanted),
        "sides": [_side(each) for each in (one, other) if each] if other else [],
        "other": other,
    }
    status = 400 if form.errors else 200
    answer = page(request, "staff/merge.html", context, at="staff_people")
    answer.status_code = status
    return answer


@require_POST
@staff_only
@needs(MERGE)
@needs_recent_sign_in
def undo(request: UserRequest, pk: UUID) -> HttpResponse:
    """Take two apart, as they were."""
    made = get_object_or_404(PersonMerge, pk=pk)
    try:
        people.part(made, by=request.user)
    except NotMerged as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "They are two persons again.")
    return redirect("staff_person", made.merged_id)


def _other(one: Person, text: str) -> Person | None:
    try:
        rows = Person.objects.filter(pk=UUID(text)).exclude(pk=one.pk)
    except ValueError:
        return None
    return rows.select_related("user").first()


def _candidates(one: Person, wanted: str) -> list[dict[str, object]]:
    """Those that fit what is looked for; without it, who is said to have the same address."""
    rows = Person.objects.filter(merged_into=None).exclude(pk=one.pk).select_related("user")
    if wanted:
        rows = by_words(rows, wanted)
    else:
        address = one.user.email if one.user else one.email
        rows = rows.filter(email=address) if address else rows.none()
    url = reverse("staff_merge", args=[one.pk])
    return [
        {"title": title(row), "text": f"known since {row.created_at:%-d %b %Y}"
         f"{', with a login' if row.user_id else ''}", "url": f"{url}?other={row.pk}"}
        for row in rows.order_by("-pk")[:_CANDIDATES]
    ]  # fmt: skip


def _side(each: Person) -> dict[str, object]:
    whom = people.human(each.pk)
    return {
        "person": each,
        "title": title(each),
        "address": each.user.email if each.user else each.email,
        "browsers": len(whom.browsers),
        "attributes": [(name, fact.value) for name, fact in people.known(whom.subjects).items()][
            :20
        ],
    }
