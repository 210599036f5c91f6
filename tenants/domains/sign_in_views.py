"""/sign-in/… on a workspace's own domain. On our hosts these addresses do not exist."""

from __future__ import annotations

import structlog
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tenants.domains import signing_in
from tenants.domains.models import CustomDomain
from tenants.hosts.access import open_to_visitors
from tenants.hosts.closed import open_while
from tenants.models import Status
from tenants.requests import HostRequest

log = structlog.get_logger()
# Members of a closed workspace read why, once they are signed in.
_always = open_while(Status.SUSPENDED, Status.DELETED, Status.PURGING)


@_always
@open_to_visitors
@require_safe
@never_cache
def sign_in(request: HostRequest) -> HttpResponse:
    """To the provider, and back to `next` (a path) afterwards."""
    return signing_in.begin(request, _claim(request), back=request.GET.get("next", "/"))


@_always
@open_to_visitors
@require_safe
@never_cache
def callback(request: HostRequest) -> HttpResponse:
    """The provider sends browsers here."""
    claim = _claim(request)
    try:
        return signing_in.finish(request, claim)
    except signing_in.NotSignedIn as error:
        log.warning("sign_in.refused", domain=claim.name, reason=str(error))
        context = {"not_a_member": str(error) == "access_denied"}
        response = render(request, "tenants/domains/not_signed_in.html", context, status=403)
        return signing_in.forget(response)


@_always
@open_to_visitors
@require_safe
@never_cache
def signed_out(request: HostRequest) -> HttpResponse:
    """What is seen after signing out."""
    _claim(request)
    return render(request, "tenants/domains/signed_out.html")


def _claim(request: HostRequest) -> CustomDomain:
    claim = signing_in.claim_of(request)
    if claim is None:
        raise Http404
    return claim
