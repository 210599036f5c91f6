"""What the middleware asks about a workspace's own domain."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from identity.cookies import foreign_host
from tenants.addresses import workspace_url
from tenants.domains.models import CustomDomain, State
from tenants.requests import HostRequest

# Where its owners repair what is wrong with the domain, so never only there.
_STAYS = ("/settings/", "/logout/")
# A redirect that follows a form of another page of ours would be stopped by that page's form-action.
_NO_FORM_BEFORE = {"none", "cross-site", ""}


def has_stopped(request: HostRequest) -> bool:
    """Whether this host, which leads nowhere, is a workspace's domain that was served before."""
    host = foreign_host(request)
    return bool(host) and CustomDomain.objects.filter(name=host, state=State.STOPPED).exists()


def sign_in(request: HostRequest) -> HttpResponse:
    """A visitor of the domain: sign in, and come back to the page."""
    address = reverse("domains:sign_in")
    if request.headers.get("HX-Request"):
        # htmx would swap the sign-in page into a corner of this one: go there as a whole.
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    back = request.get_full_path() if request.method == "GET" else "/"
    return HttpResponseRedirect(f"{address}?{urlencode({'next': back})}")


def lead_there(request: HostRequest) -> HttpResponse | None:
    """A member on the workspace's ordinary address, where its owners want its own domain instead."""
    tenant = request.tenant
    if tenant is None or not tenant.own_domain_redirects or foreign_host(request):
        return None
    if request.method != "GET" or request.headers.get("HX-Request"):
        return None
    if request.path.startswith(_STAYS):
        return None
    there = workspace_url(tenant, request.get_full_path())
    if request.headers.get("Sec-Fetch-Site", "") in _NO_FORM_BEFORE:
        return HttpResponseRedirect(there)
    return render(request, "tenants/domains/lead_there.html", {"there": there})
