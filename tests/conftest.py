"""The named world of every test: two workspaces with their people, and an outsider.

The databases are made anew for each run from the baseline. The world is committed; a test's own
writes are rolled back (fixture `db`), or cleaned up by itself (fixture `committed`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from unittest import mock
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.client import ClientHandler
from psycopg import sql

from plg_site.devstack import databases, tiers


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`bin/test` starts a file for the tiers that it reads in it: it must see the mark of each test."""
    for item in items:
        tier = tiers.of({mark.name for mark in item.iter_markers()})
        if tier not in tiers.in_file(item.path):
            raise pytest.UsageError(f"{item.nodeid} is {tier}, which its file does not say")


def _recreate(url: dict[str, str]) -> None:
    if not url["name"].startswith("test_"):
        pytest.exit(f"The tests would drop the database {url['name']!r}. Use --ds=tests.settings.")
    address = {k: url[k] for k in ("host", "port", "user", "password") if url[k]}
    with psycopg.connect(dbname="postgres", autocommit=True, **address) as admin:
        databases.recreate(admin, url["name"])
        # Nobody ends this server; those that tests kill are their own, and wait for the disk.
        name = sql.Identifier(url["name"])
        admin.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Fresh databases, the workspace template, and the named world."""
    from plg_site.operating import preparation

    default = settings.DATABASES["default"]
    _recreate({k.lower(): str(default[k]) for k in ("HOST", "PORT", "USER", "PASSWORD", "NAME")})
    events = urlsplit(settings.EVENTS_DATABASE_URL)
    _recreate(
        {
            "host": events.hostname or "",
            "port": str(events.port or ""),
            "user": events.username or "",
            "password": events.password or "",
            "name": events.path.lstrip("/"),
        }
    )
    with django_db_blocker.unblock():
        _forget_redis()
        preparation.shared_tables()
        preparation.event_store()
        preparation.workspace_pool()
        _make_world()
    yield
    with django_db_blocker.unblock():
        connection.close()


def _make_world() -> None:
    from allauth.account.models import EmailAddress

    from identity.models import User
    from tenants.members.membership import add_member
    from tenants.models import Role
    from tenants.signing_up import provisioning

    def person(name: str, email: str) -> User:
        user = User.objects.create_user(email, "correct horse", name=name)
        EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
        return user

    for slug, name in (("acme", "Acme"), ("globex", "Globex")):
        owner = person(f"{name} Owner", f"owner@{slug}.example")
        tenant = provisioning.create_workspace(
            provisioning.NewWorkspace(name=name, slug=slug), owner=owner
        )
        member = person(f"{name} Member", f"member@{slug}.example")
        add_member(tenant, user=member, role=Role.MEMBER)
    person("Otto Outsider", "outsider@example.com")


@pytest.fixture(autouse=True)
def _start_in_public(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test never inherits the workspace of the one before."""
    connection.set_schema_to_public()
    yield
    connection.set_schema_to_public()


def _forget_redis() -> None:
    """Cached hosts, limits and counters outlive a rollback. (cache.clear() would flush the events.)"""
    from metering.quotas import counters, leases
    from tenants import hosts
    from tenants.signing_up import form_page

    client = redis.Redis.from_url(settings.REDIS_URL)
    quotas = settings.QUOTA_PREFIX
    for prefix in (settings.CACHES["default"]["KEY_PREFIX"], quotas, f"{quotas}-rate"):
        if keys := list(client.scan_iter(f"{prefix}:*", count=1000)):
            client.delete(*keys)
    counters.call_it_old()  # this Redis has lost nothing lately
    client.close()
    leases.forget_all()
    hosts.forget_here()
    form_page.forget()
    if settings.PRODUCT_APP == "product":
        from product import counting, destinations

        destinations.forget_all()
        counting.forget_all()


def an_old_life(client: redis.Redis) -> None:
    """This Redis runs for long and has lost nothing: counters need not wait for older leases."""
    run = client.info("server")["run_id"]  # type: ignore[index]
    client.set(f"{settings.QUOTA_PREFIX}-life", f"{run}:1")


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    _forget_redis()


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Real commits, for tests with threads or processes. Use names of your own; clean up."""
    with django_db_blocker.unblock():
        yield
        connection.close()


def _user(email: str):  # type: ignore[no-untyped-def]
    from identity.models import User

    return User.objects.get(email=email)


def _tenant(slug: str):  # type: ignore[no-untyped-def]
    from tenants.models import Tenant

    return Tenant.objects.get(slug=slug)


@pytest.fixture
def acme(db: None):  # type: ignore[no-untyped-def]
    return _tenant("acme")


@pytest.fixture
def globex(db: None):  # type: ignore[no-untyped-def]
    return _tenant("globex")


@pytest.fixture
def people(db: None) -> SimpleNamespace:
    """acme_owner, acme_member, globex_owner, globex_member, outsider."""
    return SimpleNamespace(
        acme_owner=_user("owner@acme.example"),
        acme_member=_user("member@acme.example"),
        globex_owner=_user("owner@globex.example"),
        globex_member=_user("member@globex.example"),
        outsider=_user("outsider@example.com"),
    )


@pytest.fixture
def outsider(people: SimpleNamespace):  # type: ignore[no-untyped-def]
    return people.outsider


class HandlerBehindEarlyAnswers(ClientHandler):
    """Django's test client asks Django's handler; the WSGI application asks for early answers first."""

    def get_response(self, request):  # type: ignore[no-untyped-def]
        from tenants.hosts.early import EarlyAnswers
        from tenants.hosts.headers import harden

        early = EarlyAnswers().to(request.environ)
        if early is None:
            return super().get_response(request)
        return harden(early, is_secure=request.is_secure())


def _show_second_factor(client, user):  # type: ignore[no-untyped-def]
    """What a sign-in with a second factor leaves in the session, for who needs one."""
    fresh = type(user).objects.get(pk=user.pk)  # rights may be newer than the object
    if not (fresh.is_staff or fresh.is_superuser or fresh.has_perm("wagtailadmin.access_admin")):
        return
    from allauth.account.internal.flows import login
    from allauth.account.internal.userkit import user_id_to_str

    from identity.security import demo_factor

    demo_factor.give(fresh)
    session = client.session
    session[login.AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": time.time()}]
    session[login._AUTHENTICATION_METHODS_USER_SESSION_KEY] = user_id_to_str(fresh)
    session.save()


@pytest.fixture
def client_for(db: None) -> Callable[..., Client]:
    """`client_for(user, tenant)`: signed in (or a visitor: None) on a workspace or the site (None).

    They have signed in just now, and shown a second factor where their rights ask for one; with
    `second_factor=False` they have none, and `hours_ago=2` makes their sign-in older.
    """

    def make(  # type: ignore[no-untyped-def]
        user=None, tenant=None, *, second_factor=True, hours_ago=0, **extra: object
    ) -> Client:
        host = f"{tenant.slug}.{settings.APP_DOMAIN}" if tenant else settings.SITE_DOMAIN
        client = Client(headers={"host": f"{host}{settings.PUBLIC_PORT_SUFFIX}"}, **extra)
        client.handler = HandlerBehindEarlyAnswers(client.handler.enforce_csrf_checks)
        if user is not None:
            then = time.time() - hours_ago * 3600
            with mock.patch("time.time", return_value=then):
                client.force_login(user)
                if second_factor:
                    _show_second_factor(client, user)
        return client

    return make


@pytest.fixture
def pressure_of() -> Iterator[Callable[[int], None]]:
    """`pressure_of(2)`: so much from now on, in all processes; after the test there is none."""
    from datetime import UTC, datetime

    from events import conf, shedding
    from events.redis import Keys, quick
    from events.shedding import measure, rounds, standing

    versions = iter(range(1, 1_000))

    def put(level: int) -> None:
        told = shedding.Standing(version=next(versions), own=level, at=datetime.now(UTC))
        with rounds.turn:  # nobody has the old one in hand
            shedding.tell(told, surely=True)

    keys = Keys(conf.stream())
    client, all_of_it = quick(conf.redis_url()), (keys.pressure, keys.shed, keys.watching)
    yield put
    with rounds.turn:
        client.delete(*all_of_it)
        measure._untold.clear()
        standing.forget()


@pytest.fixture
def settle(db: None) -> Callable[[], None]:
    """Move every recorded event into the store now, as `consume_events` does."""
    from django.core.management import call_command

    return lambda: call_command("consume_events", once=True)
