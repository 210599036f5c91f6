"""From a host to its workspace, known by heart for a second."""

from __future__ import annotations

import time
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants import hosts
from tenants.hosts import resolving
from tenants.hosts.short_memory import ShortMemory
from tenants.models import Domain, Tenant


def host_of(tenant):
    return f"{tenant.slug}.{settings.APP_DOMAIN}"


def test_a_host_is_looked_up_once_and_then_known(acme):
    host = host_of(acme)
    assert hosts.tenant_to_read(host) == acme
    with CaptureQueriesContext(connection) as asked:
        assert hosts.tenant_to_read(host) is hosts.tenant_to_read(host)
    assert not asked.captured_queries


def test_who_may_change_the_workspace_gets_an_object_of_his_own(acme):
    host = host_of(acme)
    shared = hosts.tenant_to_read(host)
    assert hosts.tenant_for(host) is not shared
    assert hosts.tenant_for(host) is not hosts.tenant_for(host)


def test_what_is_no_workspace_is_none(acme):
    for host in (settings.SITE_DOMAIN, settings.FILES_DOMAIN, "localhost", "nobody.example"):
        assert hosts.tenant_to_read(host) is None


def test_a_domain_that_was_taken_away_is_forgotten_at_once_where_it_happened(acme):
    host = host_of(acme)
    hosts.tenant_to_read(host)
    Domain.objects.filter(domain=host).delete()
    hosts.forget(host)  # the receiver does so when the transaction commits
    assert hosts.tenant_to_read(host) is None


@pytest.fixture
def known(acme, django_capture_on_commit_callbacks):
    """The workspace behind its host as the cache knows it, after what the block has done."""

    @contextmanager
    def after_a_change():
        assert hosts.tenant_for(host_of(acme)) == acme
        with django_capture_on_commit_callbacks(execute=True):
            yield

    return after_a_change


def test_a_change_of_many_workspaces_at_once_is_seen_by_the_next_request(acme, known):
    with known():
        Tenant.objects.filter(pk=acme.pk).update(name="Acme & Sons")
    assert hosts.tenant_for(host_of(acme)).name == "Acme & Sons"
    with known():
        Tenant.objects.bulk_update([Tenant(pk=acme.pk, name="Acme", slug="acme")], ["name"])
    assert hosts.tenant_for(host_of(acme)).name == "Acme"


def test_a_host_that_was_given_to_another_workspace_leads_there(acme, globex, known):
    with known():
        Domain.objects.filter(domain=host_of(acme)).update(tenant=globex)
    assert hosts.tenant_for(host_of(acme)) == globex


@pytest.mark.parametrize("at_once", [True, False])
def test_a_domain_that_was_renamed_no_longer_answers_under_its_old_name(acme, known, at_once):
    domain = Domain.objects.get(domain=host_of(acme))
    with known():
        if at_once:
            Domain.objects.filter(pk=domain.pk).update(domain="links.acme.example")
        else:
            domain.domain = "links.acme.example"
            domain.save()
    assert hosts.tenant_for(host_of(acme)) is None
    assert hosts.tenant_for("links.acme.example") == acme


def test_a_request_that_read_the_old_row_does_not_bring_it_back(acme):
    """It asked the cache, then the database; the change came before it could tell the cache."""
    host = host_of(acme)
    read_before = Domain.objects.select_related("tenant").get(domain=host).tenant
    Tenant.objects.filter(pk=acme.pk).update(name="Acme & Sons")
    hosts.forget(host)
    cache.add(resolving._key(host), read_before, 60)  # what `tenant_for` does at its end
    assert hosts.tenant_for(host).name == "Acme & Sons"


def test_migrating_a_fleet_asks_for_no_hosts(acme, django_assert_num_queries):
    with django_assert_num_queries(1):
        Tenant.objects.filter(pk=acme.pk).update(fingerprint="f" * 64)


def test_a_short_memory_forgets_after_its_time():
    memory = ShortMemory(seconds=0.02, most=10)
    memory.keep("a", 1)
    assert memory.get("a") == 1
    time.sleep(0.03)
    assert memory.get("a") is None


def test_a_short_memory_keeps_the_newest():
    memory = ShortMemory(seconds=10, most=3)
    for number in range(5):
        memory.keep(number, number)
    assert [memory.get(number) for number in range(5)] == [None, None, 2, 3, 4]
    memory.forget(4)
    assert memory.get(4) is None


def test_what_is_stale_is_no_answer_but_to_who_can_ask_nobody():
    memory: ShortMemory[str, int] = ShortMemory(seconds=0.0, most=2, stale=60.0)
    memory.keep("a", 1)
    assert memory.get("a") is None
    assert memory.of_late("a") == 1
    memory.keep("b", 2)
    memory.keep("c", 3)
    assert memory.of_late("a") is None, "the oldest went"
    memory.forget("b")
    assert memory.of_late("b") is None
    too_old: ShortMemory[str, int] = ShortMemory(seconds=0.0, most=2, stale=0.0)
    too_old.keep("a", 1)
    assert too_old.of_late("a") is None
