"""GET changes nothing: every address of every host, as each kind of person, and no row is written.

The addresses come from the resolver, so one that is added next year is asked, too. What is written is
seen in the statements themselves: those that change a row, whatever table it is in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from outbound import webhooks
from tenants import schema
from tenants.domains import allowance, claims
from tenants.hashed_secrets import hash_secret
from tenants.keys import api_keys
from tenants.life import deletion
from tenants.members import doors, membership, ownership
from tenants.models import Export, Import, Invitation, Membership
from tests.tenants.isolation.test_outsiders import SAMPLES, Route, routes

# Wagtail's own admin: not ours to prove, and every change there is a POST with a token, too.
NOT_OURS = re.compile(r"^cms/(?!$)|^documents/")
_CHANGES = re.compile(
    r'^\s*(?:WITH\b.*?\b)?(INSERT INTO|UPDATE|DELETE FROM)\s+(?:"?\w+"?\.)?"?(\w+)"?', re.I | re.S
)
# What a GET may write, by table, and why that changes nothing for anybody.
ALLOWED = {
    "django_session": "a visitor's own session begins, with the token of a form they were shown",
    "events_outboxevent": "what was looked at is told to the log, which is what a log is for",
}
# The same for one address only.
ALLOWED_THERE = {
    ("settings/export/<uuid:export_id>/download/", "tenants_auditentry"): "who took the data",
    (".well-known/jwks.json", "identity_signingkey"): "the provider's first key, made once for all",
    ("billing/return/", "billing_account"): "what Stripe says is read, as the next webhook would",
    ("billing/return/", "billing_subscription"): "as above",
    ("billing/return/", "billing_planterms"): "as above",
    ("staff/workspaces/<uuid:pk>/", "staff_look"): "who of the staff looked at whom",
    ("staff/people/<uuid:pk>/", "staff_look"): "who of the staff looked at whom",
    ("staff/people/<uuid:pk>/timeline/", "staff_look"): "as above",
    ("staff/people/<uuid:pk>/merge/", "staff_look"): "as above",
    ("staff/people/<uuid:pk>/forget/", "staff_look"): "as above",
    ("staff/workspaces/<uuid:pk>/money/", "staff_look"): "as above",
    ("staff/workspaces/<uuid:pk>/grants/", "staff_look"): "as above",
    ("staff/workspaces/<uuid:pk>/refunds/<slug:payment_id>/", "staff_look"): "as above",
    ("billing/return/", "billing_mrrmovement"): "as above: what Stripe says is read",
    ("billing/", "billing_account"): "a workspace from before billing gets its account",
}


def statements(call: Callable[[], Any]) -> Iterator[tuple[str, str]]:
    """The changes that a call makes: what is done, and to which table."""
    seen: list[tuple[str, str]] = []

    def listen(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = sql if isinstance(sql, str) else sql.as_string(connection.connection)
        if found := _CHANGES.match(text):
            seen.append((found[1].upper(), found[2]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        call()
    yield from seen


def ours(urlconf: str) -> list[Route]:
    return [route for route in routes(urlconf) if not NOT_OURS.match(route.pattern)]


ON = {
    "workspace": ours(settings.ROOT_URLCONF),
    "site": ours(settings.PUBLIC_SCHEMA_URLCONF),
    "files": ours(settings.FILES_URLCONF),
}


@pytest.fixture
def world(acme, globex, people) -> dict[str, object]:
    """Something for every name in an address: open, waiting, ready to be used up by a careless GET."""
    from product.models import File, Link

    key, _ = api_keys.create(acme, name="k", user=people.acme_owner)
    invitation = Invitation.objects.create(
        tenant=acme,
        email="new@acme.example",
        token_hash=hash_secret("secret"),
        invited_by=people.acme_owner,
        expires_at=timezone.now() + timedelta(days=1),
    )
    allowance.set_allowed(acme, 1)
    claim = claims.add(acme, "links.acme-corp.com", by=people.acme_owner)
    door = doors.open_door(acme, domain="acme.example", by=people.acme_owner)
    seat = Membership.objects.for_tenant(acme).get(user=people.acme_member)
    ownership.offer(seat, by=people.acme_owner)
    export = Export.objects.create(
        tenant=acme, state="ready", expires_at=timezone.now() + timedelta(days=1)
    )
    brought = Import.objects.create(owner=people.acme_owner)
    deletion.delete(globex, by=people.globex_owner)
    globex.refresh_from_db()
    undo = deletion.undo_link(globex, people.globex_owner).rstrip("/").rsplit("/", 1)[1]
    with schema.inside(acme):
        link, file = Link.objects.first(), File.objects.first()
    endpoint, _ = webhooks.add(
        tenant_id=acme.pk, url="https://hooks.example.com/", names=[], by=people.acme_owner.pk
    )
    return {
        "endpoint_id": endpoint.pk,
        "key_id": key.pk,
        "invitation_id": invitation.pk,
        "secret": "secret",
        "membership_id": seat.pk,
        "claim_id": claim.pk,
        "door_id": door.pk,
        "export_id": export.pk,
        "import_id": brought.pk,
        "tenant_id": acme.pk,
        "pk": acme.pk,
        "token": undo,
        "link_id": link.pk if link else SAMPLES["uuid"],
        "file_id": file.pk if file else SAMPLES["uuid"],
        "code": link.code if link else "x",
        "key": _confirmation(people.outsider),
        "meter": "clicks",
    }


def _confirmation(user: Any) -> str:
    """The key of a mail that asks to confirm an address."""
    from allauth.account.models import EmailAddress, EmailConfirmationHMAC

    address = EmailAddress.objects.create(user=user, email="second@example.com", verified=False)
    return EmailConfirmationHMAC(address).key


@pytest.fixture
def kinds(client_for, people, acme, somebody_staff) -> Callable[[str], dict[str, Client]]:
    def on(host: str) -> dict[str, Client]:
        tenant = acme if host == "workspace" else None
        who = {
            "visitor": None,
            "outsider": people.outsider,
            "member": people.acme_member,
            "owner": people.acme_owner,
            "owner of a deleted one": people.globex_owner,
            "staff": somebody_staff,
        }
        made = {name: client_for(user, tenant) for name, user in who.items()}
        for client in made.values():
            client.raise_request_exception = False
            if host == "files":
                client.defaults["HTTP_HOST"] = settings.FILES_DOMAIN
        return made

    return on


@pytest.fixture
def somebody_staff(db: None) -> Any:
    from allauth.account.models import EmailAddress

    from identity.models import User

    user = User.objects.create_superuser("root@example.com", "correct horse", name="Root")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


def path_of(route: Route, world: dict[str, object]) -> str:
    if "^" in route.pattern:  # a regular expression of allauth or of the website
        named = re.sub(r"\(\?P<(\w+)>[^)]*\)+", lambda m: str(world.get(m[1], "x")), route.pattern)
        return "/" + re.sub(r"\(.*?\)+|[\^$\\]", "", named)
    found = route.path(world)
    if route.pattern.startswith("usage/<slug:key>"):
        return found.replace(str(world["key"]), "clicks")
    return found


@pytest.mark.thorough
@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("host", ON)
def test_no_address_writes_a_row_when_it_is_only_looked_at(kinds, world, host, method):
    found: dict[str, set[str]] = {}
    everybody = kinds(host)
    for route in ON[host]:
        for kind, client in everybody.items():
            if method == "head" and kind != "owner":
                continue  # what a view does by method it does for everybody
            path = path_of(route, world)
            for what, table in statements(lambda: getattr(client, method)(path)):  # noqa: B023
                if table in ALLOWED and what != "DELETE FROM":
                    continue
                if (route.pattern, table) in ALLOWED_THERE:
                    continue
                found.setdefault(f"{route.pattern}: {what} {table}", set()).add(kind)
    assert found == {}


def test_the_walk_would_see_a_change(kinds, world, acme, people):
    """It can fail: a POST to an address of the walk writes rows."""
    client = kinds("workspace")["owner"]
    path = f"/members/{world['membership_id']}/remove/"
    tables = {table for _, table in statements(lambda: client.post(path))}
    assert {"tenants_membership", "tenants_auditentry"} <= tables


def test_what_is_mailed_survives_that_its_links_are_opened(client_for, world, acme, globex, people):
    """Mail scanners open links: nobody joins, nothing is restored, no address is confirmed."""
    from allauth.account.models import EmailAddress

    for path in (
        "/invitations/secret/",
        "/invitations/secret/join/",
        f"/workspaces/restore/{world['token']}/",
        f"/confirm-email/{world['key']}/",
    ):
        for user in (None, people.outsider):
            client_for(user).get(path)
    assert membership.find("secret") is not None
    globex.refresh_from_db()
    assert globex.status == "deleted"
    assert not EmailAddress.objects.get(email="second@example.com").verified


def test_who_looks_at_the_link_that_confirms_another_accounts_address_stays_signed_in(
    client_for, people, world
):
    client = client_for(people.acme_owner)
    page = client.get(f"/confirm-email/{world['key']}/")
    assert page.status_code == 200
    assert client.get("/workspaces/").status_code == 200
    assert client.post(f"/confirm-email/{world['key']}/").status_code == 409, "first they sign in"
    assert client.get("/workspaces/").status_code == 200


@pytest.mark.parametrize("path", ["/logout/", "/identity/o/logout"])
@pytest.mark.parametrize("where", ["site", "workspace"])
def test_nobody_is_signed_out_by_a_link(client_for, people, acme, path, where):
    client = client_for(people.acme_owner, acme if where == "workspace" else None)
    client.get(path)
    assert client_for(people.acme_owner).get("/workspaces/").status_code == 200
    assert client.get("/go/" if where == "site" else "/members/").status_code in (200, 302)
    assert "_auth_user_id" in client.session
