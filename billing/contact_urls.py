"""The page below /billing-contact/ of the site host on which an address says yes or no to mails about money.

Scanners of mails follow links, so a GET shows a form and changes nothing.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from billing.paying import contacts
from billing.subscriptions import contact_links


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest, token: str) -> HttpResponse:
    """A form with two buttons; a POST says yes (`answer=yes`) or no."""
    try:
        found = contact_links.read(token)
    except signing.BadSignature:
        raise Http404 from None
    state = "gone" if found is None else "confirmed" if found.confirmed_at else "asked"
    if request.method == "POST" and found is not None:
        if request.POST.get("answer") == "yes":
            contacts.confirm(found)
            state = "said_yes"
        else:
            contacts.remove(found, by=None)
            state = "said_no"
    context = {"contact": found, "state": state}
    return render(request, "billing/paying/contact.html", context)


urlpatterns = [path("<str:token>/", contact, name="billing_contact")]
