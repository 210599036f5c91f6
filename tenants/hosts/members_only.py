"""Addresses of a workspace that answer nobody but its members: where a sign-in may lead."""

from __future__ import annotations

from django.conf import settings
from django.urls import Resolver404, resolve

from identity.models import User
from tenants.hosts import resolving
from tenants.hosts.access import API_PREFIX
from tenants.models import Membership


def may_lead_to(host: str, path: str, user: User | None) -> bool:
    """A page for members, of a workspace of `user` (None: nobody has signed in yet).

    Under our own domain only: on a domain of its own a session begins at our provider.
    """
    if not host.endswith(f".{settings.APP_DOMAIN}"):
        return False
    if resolving.place_of(host) is not resolving.Place.WORKSPACE or not is_for_members(path):
        return False
    tenant = resolving.tenant_for(host)
    if tenant is None:
        return False
    return user is None or Membership.objects.for_tenant(tenant).filter(user=user).exists()


def is_for_members(path: str) -> bool:
    """Whether this path (decoded) of a workspace is a page that visitors do not get."""
    if path.startswith(API_PREFIX):
        return False
    try:
        view = resolve(path, urlconf=settings.ROOT_URLCONF).func
    except Resolver404:
        return False
    return not getattr(view, "open_to_visitors", False)
