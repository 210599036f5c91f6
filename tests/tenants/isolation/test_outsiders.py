"""Everybody who is not a member tries every address of a workspace, by every method.

The addresses come from the resolver (pages, API and files host alike), so one that is added next
year is tried, too. Where a route names something by id, a thing of acme's is named that exists.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.core import signing
from django.test import Client
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from django.utils import timezone
from starlette.routing import Route as LiveRoute

from metering import live
from outbound import webhooks
from plg_site.live.application import application
from plg_site.live.hub import Hub
from product.codes import AFTER_A_CODE
from tenants import schema
from tenants.hashed_secrets import hash_secret
from tenants.keys import api_keys
from tenants.members.membership import remove_member
from tenants.models import ApiKey, Invitation, Membership
from tenants.permissions import TABLE, Role

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
# Whether somebody is a member does not depend on the method, so one of them tries them all.
EVERY_METHOD = {"the owner of another workspace", "another workspace's key"}
WITH_A_KEY = {"another workspace's key", "a revoked key"}  # elsewhere, as visitors
REFUSED = {401, 403, 404, 405}
# What needs no membership, and why; everything else is closed to everybody but members.
OPEN = {
    "logout/": "anybody may sign out",
    "<slug:code>": "a short link is for the public",
    rf"^(?P<code>[A-Za-z0-9_-]+){AFTER_A_CODE}$": "as above, with what stands behind it in a text",
    "api/v1/openapi.json": "how programs talk to a workspace, and nothing of it",
    "api/openapi.json": "as above",
    "favicon.ico": "the service's own picture",
    ".well-known/security.txt": "whom to tell about a hole",
    ".well-known/change-password": "leads to the site",
    "sign-in/": "how a session begins on a domain of the workspace's own",
    "sign-in/callback/": "as above",
    "sign-in/out/": "how it ends",
}
SAME_FOR_ALL = {"api/v1/openapi.json", "api/openapi.json", "favicon.ico"}
SAMPLES = {"int": "1", "uuid": "00000000-0000-7000-8000-000000000000", "slug": "x", "path": "x"}
_CONVERTER = re.compile(r"<(?:(\w+):)?(\w+)>")


@dataclass(frozen=True)
class Route:
    pattern: str
    view: Callable[..., Any]

    def path(self, ids: dict[str, object]) -> str:
        def value(match: re.Match[str]) -> str:
            return str(ids.get(match[2], SAMPLES.get(match[1] or "str", "x")))

        return "/" + _CONVERTER.sub(value, self.pattern)

    @property
    def is_open(self) -> bool:
        return getattr(self.view, "open_to_visitors", False)


def routes(urlconf: str, patterns: Any = None, prefix: str = "") -> Iterator[Route]:
    """Every address that a host with this urlconf knows."""
    for pattern in patterns or get_resolver(urlconf).url_patterns:
        found = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(urlconf, pattern.url_patterns, found)
        elif isinstance(pattern, URLPattern):
            yield Route(found, pattern.callback)


WORKSPACE = list(routes(settings.ROOT_URLCONF))


@pytest.fixture
def ids(acme, people) -> dict[str, object]:
    """Things of acme's, by the names that routes give them."""
    from product.models import File, Link

    key, _ = api_keys.create(acme, name="acme's", user=people.acme_owner)
    invitation = Invitation.objects.create(
        tenant=acme,
        email="new@acme.example",
        token_hash=hash_secret("x"),
        expires_at=timezone.now() + timedelta(days=1),
    )
    with schema.inside(acme):
        link, file = Link.objects.first(), File.objects.first()
    assert link is not None
    endpoint, _ = webhooks.add(
        tenant_id=acme.pk, url="https://hooks.example.com/", names=[], by=people.acme_owner.pk
    )
    return {
        "endpoint_id": endpoint.pk,
        "key_id": key.id,
        "invitation_id": invitation.id,
        "membership_id": Membership.objects.for_tenant(acme).get(user=people.acme_member).id,
        "link_id": link.id,
        "file_id": file.id if file else SAMPLES["uuid"],
        "meter": "clicks",
    }


@pytest.fixture
def strangers(client_for, people, acme, globex, ids) -> dict[str, Client]:
    """Whoever has no business in acme, each on acme's host."""
    _, foreign = api_keys.create(globex, name="theirs", user=people.globex_owner)
    _, revoked = api_keys.create(acme, name="revoked", user=people.acme_owner)
    api_keys.revoke(ApiKey.objects.for_tenant(acme).get(name="revoked"), user=people.acme_owner)
    left = client_for(people.acme_member, acme)  # signed in before, and still
    assert left.get("/links/").status_code == 200
    seat = Membership.objects.for_tenant(acme).get(user=people.acme_member)
    remove_member(seat, by=people.acme_owner)

    def with_key(secret: str) -> Client:
        client = client_for(None, acme)
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return client

    return {
        "a visitor": client_for(None, acme),
        "a user without a workspace": client_for(people.outsider, acme),
        "the owner of another workspace": client_for(people.globex_owner, acme),
        "who was a member": left,
        "another workspace's key": with_key(foreign),
        "a revoked key": with_key(revoked),
    }


def is_sign_in(response: Any) -> bool:
    return response.status_code == 302 and response["Location"].startswith(settings.LOGIN_URL)


def test_nobody_but_a_member_gets_anything_from_any_address(strangers, ids):
    got_in = []
    for who, client in strangers.items():
        client.raise_request_exception = False
        for route in WORKSPACE:
            if route.is_open or (who in WITH_A_KEY and not route.pattern.startswith("api/")):
                continue
            for method in METHODS if who in EVERY_METHOD else ("get", "post"):
                response = getattr(client, method)(route.path(ids))
                if response.status_code not in REFUSED and not is_sign_in(response):
                    got_in.append(f"{who}: {method} {route.pattern}: {response.status_code}")
    assert got_in == []


def test_there_are_addresses_of_every_kind_among_them():
    patterns = {route.pattern for route in WORKSPACE}
    assert {"members/", "links/<uuid:link_id>/", "api/v1/events", "billing/"} <= patterns
    assert len(patterns) > 50


def test_an_address_that_is_open_to_visitors_has_a_reason():
    open_ones = {route.pattern for route in WORKSPACE if route.is_open}
    assert {each for each in open_ones if each not in OPEN} == set()


def test_what_is_open_to_visitors_never_fails(strangers, ids):
    failed = []
    for who, client in strangers.items():
        client.raise_request_exception = False
        for route in WORKSPACE:
            for method in ("get", "post", "put") if route.is_open else ():
                status = getattr(client, method)(route.path(ids)).status_code
                if status >= 500 or (status == 200 and route.pattern not in SAME_FOR_ALL):
                    failed.append(f"{who}: {method} {route.pattern}: {status}")
    assert failed == []


@pytest.mark.parametrize("role", [Role.MEMBER, Role.ADMIN])
def test_a_role_gets_nothing_from_an_address_that_needs_another(
    client_for, people, acme, ids, role
):
    Membership.objects.for_tenant(acme).filter(user=people.acme_member).update(role=role)
    client, got_in, tried = client_for(people.acme_member, acme), [], 0
    client.raise_request_exception = False
    for route in WORKSPACE:
        required = getattr(route.view, "required", None)
        if required is None or role in TABLE[required]:
            continue
        tried += 1
        for method in ("get", "post"):
            status = getattr(client, method)(route.path(ids)).status_code
            if status not in {403, 405}:
                got_in.append(f"{method} {route.pattern}: {status}")
    assert tried > 3
    assert got_in == []


def test_the_files_host_gives_nothing_to_who_has_no_signed_address(db, acme, globex):
    """Not for a forged one, nor one that was signed for something else or some time ago."""
    found = list(routes(settings.FILES_URLCONF))
    tokens = ["x", "a:b:c", signing.dumps([acme.schema_name, "0" * 32], salt="another")]
    got_in = []
    client = Client(headers={"host": settings.FILES_DOMAIN}, raise_request_exception=False)
    for route in found:
        for token in tokens:
            for method in METHODS:
                response = getattr(client, method)(_CONVERTER.sub(token, f"/{route.pattern}"))
                if response.status_code not in REFUSED | {410} or response.cookies:
                    got_in.append(f"{method} {route.pattern}: {response.status_code}")
    assert found
    assert got_in == []


def test_the_live_process_gives_nothing_to_who_has_no_token_of_this_page(acme, globex):
    app = application(Hub(settings.REDIS_URL, most=1, most_a_channel=1))

    def status(path: str, token: str, **headers: str) -> int:
        """What is refused never comes to the hub, which does not run here."""

        async def ask() -> int:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://live") as client:
                answer = await client.get(path, params={"token": token}, headers=headers)
            return answer.status_code

        return asyncio.run(ask())

    theirs = live.token(globex.schema_name, origin="http://globex.example")
    for route in app.routes:
        assert isinstance(route, LiveRoute)
        if route.path in ("/healthz", "/livez", "/readyz"):  # a word, and nothing of anybody
            continue
        for token in ("", "x", theirs[:-2] + "xx"):
            assert status(route.path, token) == 401
        assert status(route.path, theirs, Origin="http://acme.example") == 403
        old = live.token(acme.schema_name, origin="http://acme.example", now=1.0)
        assert status(route.path, old, Origin="http://acme.example") == 401


def test_the_session_of_one_workspace_opens_no_other(client_for, people, acme, globex):
    """The cookie is for all hosts below the site: what counts is the membership, asked each time."""
    client = client_for(people.acme_owner, acme)
    assert client.get("/").status_code == 200
    there = {"host": f"{globex.slug}.{settings.APP_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}"}
    assert client.get("/", headers=there).status_code == 404
    assert client.get("/api/v1/links", headers=there).status_code == 401
    assert client.get("/").status_code == 200
