"""Before somebody who holds API keys goes, or may have none any more: do they end, or does somebody
else take them over?"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from tenants.keys import key_holders
from tenants.models import Membership
from tenants.pages.forms import KeysFirstForm
from tenants.requests import WorkspaceRequest


@dataclass(frozen=True)
class Settled:
    """`to`: who takes the keys over; None: they end, or there are none."""

    to: Membership | None = None


def settled(
    request: WorkspaceRequest, leaving: Membership, *, title: str, action: str
) -> Settled | HttpResponse:
    """The answer that the request brought, or the page that asks for it."""
    keys = key_holders.held_by(leaving)
    if not keys:
        return Settled()
    answered = "keys" in request.POST
    form = KeysFirstForm(request.POST if answered else None, tenant=request.tenant, besides=leaving)
    if answered and form.is_valid():
        return Settled(form.cleaned_data["to"])
    context = {
        "form": form,
        "keys": keys,
        "title": title,
        "action": action,
        "role": request.POST.get("role", ""),
    }
    return render(request, "tenants/keys_first.html", context, status=422 if answered else 200)
