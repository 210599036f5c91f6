"""`manage.py doctor`: each check finds what it is for, says what to do, and sets the exit code."""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import connection

from cms.models import SiteBuild
from outbound import channels
from plg_site.doctor import (
    clocks,
    connections,
    database,
    disk,
    fleet,
    mail_dns,
    mail_server,
    pool,
    redis_memory,
    website,
    wildcard_dns,
)
from plg_site.doctor.examination import CHECKS, examine
from plg_site.doctor.findings import Finding, Level
from tenants.models import MigrationFailure, PoolSchema, SchemaTemplate, Tenant
from tests.outbound import smtp_server
from tests.tenants.domains.dns_server import DnsServer


def levels(findings: Iterator[Finding]) -> list[str]:
    return [finding.level.value for finding in findings]


def run(*arguments: str) -> tuple[list[dict[str, object]], int]:
    """What --json says, and the exit code."""
    out, code = io.StringIO(), 0
    try:
        call_command("doctor", "--json", *arguments, stdout=out)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return json.loads(out.getvalue()), code


def test_every_check_says_something_and_what_is_not_fine_says_what_to_do(db):
    rows, _ = run()
    assert {row["check"] for row in rows} == set(CHECKS)
    assert all(row["do"] for row in rows if row["level"] != "fine")
    assert all(row["says"] for row in rows)


def test_a_problem_is_an_exit_code_and_a_warning_is_one_if_asked_for(db, settings):
    assert run("--only", "database")[1] == 0
    PoolSchema.objects.all().delete()
    assert run("--only", "pool")[1] == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int")
        [given] = cursor.fetchone()
    settings.WEB_THREADS, settings.WORKER_PROCESSES, settings.EVENTS_POOL_SIZE = 16, 0, 0
    settings.WEB_PROCESSES = int(given * 0.85 / 16)
    (row,), code = run("--only", "connections")
    assert (row["level"], code) == ("warning", 0)
    assert run("--only", "connections", "--strict")[1] == 1


def test_people_read_a_line_with_a_mark_and_one_with_an_arrow(db):
    out = io.StringIO()
    PoolSchema.objects.all().delete()
    with pytest.raises(SystemExit):
        call_command("doctor", "--only", "pool", "--only", "pooler", stdout=out, no_color=True)
    said = out.getvalue().splitlines()
    assert said[0].startswith("✗ Pool          empty: ")
    assert said[1].strip().startswith("→ Is the worker running")
    assert said[2].startswith("✓ Pooler        each client has a connection of its own")


def test_a_check_that_cannot_look_does_not_stop_the_others(db, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    found = {name: finding for name, _, finding in examine(["redis_memory", "clocks", "pooler"])}
    assert found["redis_memory"].level is Level.PROBLEM
    assert found["pooler"].level is Level.FINE


def test_more_connections_than_the_server_gives_are_a_problem(db, settings):
    settings.WEB_PROCESSES, settings.WEB_THREADS = 100, 16
    (found,) = connections.look()
    assert found.level is Level.PROBLEM
    assert "DATABASE_POOL_SIZE" in found.do
    assert found.facts["web"] == 1600
    assert found.facts["events_database_web"] == 800  # on the same server


def test_an_update_that_starts_new_processes_first_is_in_the_budget(settings):
    settings.WEB_PROCESSES, settings.WEB_THREADS, settings.EVENTS_POOL_SIZE = 3, 16, 8
    settings.UPDATE_SURGE_PERCENT = 0
    before = connections.budget(), connections.events_budget()
    settings.UPDATE_SURGE_PERCENT = 50  # of three, one and a half: two
    app, log = connections.budget(), connections.events_budget()
    assert (before[0]["web"], app["web"]) == (3 * 16, 5 * 16)
    assert (before[1]["web"], log["web"]) == (3 * 8, 5 * 8)
    assert app["prepare"] == before[0]["prepare"]  # of it there is one


def test_each_lane_of_a_channel_is_in_the_budget(settings):
    settings.OUTBOUND_PROCESSES, settings.UPDATE_SURGE_PERCENT = 2, 0
    lanes = sum(each.lanes for each in channels.registered())
    assert lanes > settings.MAIL_AT_ONCE  # webhooks have some, too
    assert connections.budget()["outbound"] == 2 * (1 + lanes)


def test_an_events_database_elsewhere_has_a_budget_of_its_own(db, settings, monkeypatch):
    """Another server is one that began at another time."""
    monkeypatch.setattr(connections, "_SERVER", "SELECT pg_backend_pid()")
    here, there = connections.look()
    assert "web" in here.facts
    assert not any(name.startswith("events_database_") for name in here.facts)
    assert there.facts["events_database_web"]


def test_events_in_clickhouse_take_no_connections_of_postgresql(db, settings):
    settings.EVENTS_DATABASE_URL = "clickhouse://events@127.0.0.1:1/events"
    (found,) = connections.look()
    assert not any(name.startswith("events_database_") for name in found.facts)


def test_a_redis_that_keeps_nothing_is_a_problem(db):
    class Forgetful:
        def info(self) -> dict[str, object]:
            return {"redis_version": "8.2", "aof_enabled": 0, "maxmemory": 1 << 30,
                    "maxmemory_policy": "allkeys-lru"}  # fmt: skip

    found = list(redis_memory._examine(Forgetful()))  # type: ignore[arg-type]
    assert [finding.level for finding in found] == [Level.PROBLEM, Level.PROBLEM]
    assert "appendonly yes" in found[0].do
    assert "noeviction" in found[1].do


def test_a_redis_that_is_nearly_full_or_too_old_is_told():
    class Full:
        def info(self) -> dict[str, object]:
            return {
                "redis_version": "6.2.14",
                "aof_enabled": 1,
                "maxmemory": 100,
                "used_memory": 90,
            }

        def config_get(self, name: str) -> dict[str, str]:
            return {name: "always"}

    found = {f.says: f for f in redis_memory._examine(Full())}  # type: ignore[arg-type]
    assert any("90%" in says for says in found)
    assert any("6.2.14, which refuses our scripts" in says for says in found)


def test_a_mail_server_that_does_not_let_us_in_is_a_problem(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS = "127.0.0.1", False
    with smtp_server.running() as server:
        settings.EMAIL_PORT = server.port
        settings.EMAIL_URL = f"smtp+plain://127.0.0.1:{server.port}"
        assert levels(mail_server.look()) == ["fine"]
        assert server.mails == []
    assert levels(mail_server.look()) == ["problem"]
    settings.EMAIL_URL = ""
    assert levels(mail_server.look()) == ["fine"]


def test_a_disk_without_room_for_the_spool_is_a_problem(settings, tmp_path):
    settings.STATE_DIR = tmp_path
    settings.EVENTS_SPOOL_MAX_BYTES = shutil.disk_usage(tmp_path).free
    assert levels(disk.look()) == ["problem"]


def test_a_server_without_locks_for_a_dump_is_told(db, monkeypatch):
    monkeypatch.setattr(database, "_NEARLY", 0.0)
    assert any("max_locks_per_transaction" in finding.do for finding in database.look())


def test_a_pool_without_a_template_is_a_problem(db):
    SchemaTemplate.objects.all().delete()
    (found,) = pool.look()
    assert "there is no template" in found.says


def test_workspaces_that_are_behind_are_counted_with_their_reasons(acme, globex):
    assert levels(fleet.look()) == ["fine"]
    Tenant.objects.filter(pk__in=[acme.pk, globex.pk]).update(fingerprint="of yesterday")
    MigrationFailure.objects.create(tenant=acme, wanted="today", reason="product.0002_x: no room")
    total, reason = fleet.look()
    assert total.says.startswith("2 of ")
    assert reason.says == "1 failed, acme for one: product.0002_x: no room"
    assert "--tenant acme" in reason.do


@pytest.fixture
def resolver(settings) -> Iterator[DnsServer]:
    server = DnsServer()
    settings.DNS_RESOLVERS = [server.address]
    settings.SITE_DOMAIN = settings.APP_DOMAIN = "signpost.example"
    settings.EMAIL_URL = "smtp://mail.example:587"
    settings.DEFAULT_FROM_EMAIL = "Signpost <hello@mail.signpost.example>"
    settings.MAIL_DKIM_SELECTORS = ["s1"]
    yield server
    server.close()


def test_a_wildcard_that_is_missing_is_found(resolver):
    assert levels(wildcard_dns.look()) == ["problem"]


def test_a_wildcard_is_looked_for_with_a_name_that_nobody_has(resolver, monkeypatch):
    monkeypatch.setattr("secrets.token_hex", lambda _: "any")
    resolver.has("signpost.example", "A", "192.0.2.1")
    resolver.has("doctor-any.signpost.example", "A", "192.0.2.1")
    assert levels(wildcard_dns.look()) == ["fine"]
    resolver.has("doctor-any.signpost.example", "A", "192.0.2.9")
    assert levels(wildcard_dns.look()) == ["warning"]


def test_a_sender_with_all_three_records_is_fine(resolver):
    resolver.has("mail.signpost.example", "TXT", "v=spf1 include:_spf.example.net ~all")
    resolver.has("s1._domainkey.mail.signpost.example", "TXT", "v=DKIM1; k=rsa; p=MIIB")
    resolver.has("_dmarc.signpost.example", "TXT", "v=DMARC1; p=quarantine; rua=mailto:d@x.example")
    assert levels(mail_dns.look()) == ["fine", "fine", "fine"]


def test_a_sender_without_records_is_told_each_of_them(resolver):
    found = list(mail_dns.look())
    assert [finding.level for finding in found] == [Level.PROBLEM] * 3
    assert [finding.says.split(":")[0] for finding in found] == ["SPF", "DKIM", "DMARC"]


@pytest.mark.parametrize(
    ("record", "level"),
    [
        ("v=spf1 +all", "problem"),
        ("v=spf1 " + "".join(f"include:{n}.example " for n in range(11)) + "-all", "problem"),
        ("v=spf1 mx", "warning"),
        ("v=spf10 -all", "problem"),
    ],
)
def test_an_spf_record_that_does_not_do_is_found(resolver, record, level):
    resolver.has("mail.signpost.example", "TXT", record)
    assert next(mail_dns.look()).level.value == level


def test_a_resolver_that_is_away_is_no_verdict(resolver, monkeypatch):
    monkeypatch.setattr("plg_site.doctor.dns_question._PATIENCE", 0.1)
    resolver.mood = "away"
    assert levels(wildcard_dns.look()) == ["warning"]
    assert set(levels(mail_dns.look())) == {"warning"}


@pytest.mark.parametrize(("ahead", "level"), [(0, "fine"), (5, "warning"), (-90, "problem")])
def test_a_clock_that_is_off_is_found(ahead, level):
    found = clocks._judge("Redis", lambda: (time.time() + ahead, 0.0))
    assert found.level.value == level


def test_a_date_in_whole_seconds_is_not_taken_for_a_skew():
    found = clocks._judge("a server", lambda: (int(time.time()) - clocks.NOTICED + 0.5, 1.0))
    assert found.level is Level.FINE


def test_the_website_is_a_problem_while_a_page_cannot_be_built(db):
    now = datetime.now(UTC)
    failure = {"path": "/pricing/", "why": "it answered 500", "title": "Pricing", "page": None}
    SiteBuild.objects.create(started_at=now, failures=[failure])
    assert [f.says for f in website.look() if f.level == Level.PROBLEM] == [
        "/pricing/ could not be built: it answered 500",
        "it was never built",
    ]
    SiteBuild.objects.create(started_at=now)
    assert [f.says for f in website.look() if f.level == Level.PROBLEM] == ["it was never built"]
