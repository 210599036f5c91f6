"""Signing out; the pages of the settings are in `tenants.pages`."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.http import HttpResponse
from django.shortcuts import redirect

from identity.signing_in import sign_out_page as site_sign_out
from tenants.domains import signing_in
from tenants.hosts import closed
from tenants.hosts.access import open_to_visitors
from tenants.hosts.closed import open_while
from tenants.requests import HostRequest


@open_while(*closed.CLOSED)
@open_to_visitors
def sign_out(request: HostRequest) -> HttpResponse:
    """The session is shared, so signing out here signs out of the site, too; on a domain of the
    workspace's own it has its own, and the site is asked to end both."""
    own_domain = signing_in.claim_of(request)
    if request.method != "POST":
        return redirect("/" if own_domain else f"{django_settings.SITE_URL}/logout/")
    if own_domain is not None:
        return signing_in.sign_out(request, own_domain)
    return site_sign_out(request)
