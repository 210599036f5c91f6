"""From a host to its workspace, known by heart for a second."""

from __future__ import annotations

import time

from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants import hosts
from tenants.models import Domain
from tenants.short_memory import ShortMemory


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
