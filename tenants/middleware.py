"""Host first, membership later: which place a request is for, and who may be there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.http import (
    Http404,
    HttpResponse,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.urls import set_urlconf

from identity.cookies import foreign_host
from tenants import addresses, audit, hosts, schema
from tenants.domains import own_domain
from tenants.domains.ask import PREFIX as ASK_PREFIX
from tenants.hosts import closed
from tenants.hosts.access import API_PREFIX
from tenants.models import Membership, Tenant
from tenants.requests import HostRequest, WorkspaceRequest

Handler = Callable[[HostRequest], HttpResponse]
HEALTH_PATH = "/healthz"


class HostMiddleware:
    """Sets `request.tenant`, the connection's schema and the URLs for the request's host."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HostRequest) -> HttpResponse:
        schema.leave()
        request.tenant = None
        request.membership = None
        if request.path == HEALTH_PATH:  # a probe asks an address: a kubelet, a load balancer
            request.META["HTTP_HOST"] = settings.SITE_DOMAIN + settings.PUBLIC_PORT_SUFFIX
            return self._answer(request, settings.PUBLIC_SCHEMA_URLCONF)
        host, is_public = hosts.named(request.META.get("HTTP_HOST", ""))
        if request.path.startswith(ASK_PREFIX):  # by whatever name the terminator calls us
            return self._answer(request, settings.PUBLIC_SCHEMA_URLCONF)
        place = hosts.place_of(host)
        if place is hosts.Place.ALIAS:
            return self._to_the_site(request)
        if not is_public:
            return self._unknown(request)
        # From here on there is one way to write this host: no link repeats what a client made of it.
        request.META["HTTP_HOST"] = host + settings.PUBLIC_PORT_SUFFIX
        request.is_bare_host = place is hosts.Place.FILES
        if place is hosts.Place.SITE:
            return self._answer(request, settings.PUBLIC_SCHEMA_URLCONF)
        if place is hosts.Place.FILES:
            return self._answer(request, settings.FILES_URLCONF)
        tenant = hosts.tenant_for(host)
        if tenant is None:
            return self._unknown(request)
        if addresses.is_former(host, tenant) and not _is_api(request):
            return self._to_the_new_address(request, tenant)
        request.tenant = tenant
        schema.enter(tenant)
        try:
            return self._answer(request, settings.ROOT_URLCONF)
        finally:
            schema.leave()

    def _answer(self, request: HostRequest, urlconf: str) -> HttpResponse:
        request.urlconf = urlconf
        set_urlconf(urlconf)
        return self.get_response(request)

    def _unknown(self, request: HostRequest) -> HttpResponse:
        request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
        context = {"stopped": own_domain.has_stopped(request)}
        return render(request, "workspace/unknown_host.html", context, status=404)

    def _to_the_new_address(self, request: HostRequest, tenant: Tenant) -> HttpResponse:
        """Not a permanent redirect: after some months the old address may be somebody else's.

        A form cannot follow, its token is for the old host. Programs need not: their keys work here.
        """
        new = addresses.workspace_url(tenant, request.get_full_path())
        if request.method in {"GET", "HEAD"}:
            return HttpResponseRedirect(new)
        request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
        home = addresses.workspace_url(tenant)
        return render(request, "workspace/moved.html", {"home": home}, status=409)

    def _to_the_site(self, request: HostRequest) -> HttpResponse:
        """Not a permanent redirect: browsers would keep it for every project on localhost."""
        site = settings.SITE_URL + request.get_full_path()
        if settings.WATCH_FILES and "text/html" in request.headers.get("Accept", ""):
            # In development a browser may not find that name, and could not say what to do about it.
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
            return render(request, "workspace/elsewhere.html", {"go": site})
        return HttpResponseRedirect(site)


class MembershipMiddleware:
    """On a workspace host: visitors are sent to sign in, outsiders find nothing."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HostRequest) -> HttpResponse:
        with audit.during(request):
            return self.get_response(request)

    def process_view(
        self, request: HostRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if request.tenant is None or _is_api(request):
            return None
        is_closed = closed.is_closed(request.tenant, view)
        if getattr(view, "open_to_visitors", False):
            if is_closed:
                raise Http404
            return None
        if not request.user.is_authenticated:
            return self._sign_in(request)
        request.membership = (
            Membership.objects.for_tenant(request.tenant).filter(user=request.user).first()
        )
        if request.membership is None:
            raise Http404
        if is_closed:
            return closed.page(cast(WorkspaceRequest, request))
        return own_domain.lead_there(request)

    def _sign_in(self, request: HostRequest) -> HttpResponse:
        if foreign_host(request):
            return own_domain.sign_in(request)
        if request.headers.get("HX-Request"):
            # htmx would swap the sign-in page into a corner of this one: go there as a whole.
            return HttpResponse(status=401, headers={"HX-Redirect": settings.LOGIN_URL})
        back = request.build_absolute_uri() if request.method == "GET" else ""
        query = f"?{urlencode({'next': back})}" if back else ""
        return HttpResponseRedirect(settings.LOGIN_URL + query)


def _is_api(request: HostRequest) -> bool:
    return request.path.startswith(API_PREFIX)
