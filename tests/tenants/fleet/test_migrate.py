"""`migrate_tenants`: what it does to workspaces that are behind, and to those that are not."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django_tenants.utils import schema_context

from product.models import Link
from tenants.fleet import running
from tenants.models import MigrationFailure, PoolSchema, Status, Tenant
from tests.tenants.fleet.conftest import ask
from tests.tenants.fleet.later import ADD_MARK, ADD_NOTE, DROP_INDEX, DROP_TITLE, FILL_NOTE


def indexes(tenant: Tenant) -> list[str]:
    return ask("SELECT indexname FROM pg_indexes WHERE schemaname = %s", tenant.schema_name)


def applied(tenant: Tenant) -> list[str]:
    table = f'"{tenant.schema_name}".django_migrations'
    return ask(f"SELECT name FROM {table} WHERE app = 'product' ORDER BY id")  # noqa: S608


def break_it(tenant: Tenant) -> None:
    """Its table has the column of the next version already: ALTER TABLE will fail."""
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{tenant.schema_name}".product_link ADD note integer')


def test_every_workspace_gets_the_columns_the_indexes_and_the_rows(make_fleet):
    fleet = make_fleet(3)
    fleet.deploy(add_note=ADD_NOTE, add_mark=ADD_MARK)
    said = fleet.migrate("--workers", "2")
    assert "3 migrated in" in said
    assert fleet.current() == fleet.slugs
    for tenant in fleet.tenants:
        assert {"note", "mark"} <= fleet.columns(tenant)
        assert "links_by_note" in indexes(tenant)
        assert applied(tenant)[-2:] == ["0002_add_note", "0003_add_mark"]


def test_a_replayed_schema_equals_the_one_that_django_migrated(make_fleet):
    from tests.plg_site.test_architecture import _shape

    fleet = make_fleet(2)
    fleet.deploy(add_note=ADD_NOTE, add_mark=ADD_MARK, drop_index=DROP_INDEX)
    fleet.migrate()
    by_django, by_replay = (_shape(tenant.schema_name) for tenant in fleet.tenants)
    assert by_django == by_replay


def test_a_second_run_asks_one_question_and_changes_nothing(make_fleet, django_assert_num_queries):
    fleet = make_fleet(2)
    fleet.deploy(add_note=ADD_NOTE)
    fleet.migrate()
    with django_assert_num_queries(2):  # the other is for the names that were asked for
        assert "All 2 workspaces are current." in fleet.migrate()


def test_a_data_migration_runs_in_each_workspace(make_fleet):
    fleet = make_fleet(3)
    for number, tenant in enumerate(fleet.tenants):
        with schema_context(tenant.schema_name):
            Link.objects.create(code=f"own-{number}", target_url="https://example.com/")
    fleet.deploy(add_note=ADD_NOTE, fill=FILL_NOTE, add_mark=ADD_MARK)
    fleet.migrate("--workers", "2", "--first-wave", "2")
    for number, tenant in enumerate(fleet.tenants):
        link = f'FROM "{tenant.schema_name}".product_link WHERE code = %s'
        assert ask(f"SELECT note {link}", f"own-{number}") == ["filled"]
        assert ask(f"SELECT mark {link}", f"own-{number}") == [7]


def test_workspaces_at_different_versions_arrive_at_the_same(make_fleet):
    fleet = make_fleet(4)
    fleet.deploy(add_note=ADD_NOTE)
    call_command("migrate_tenants", tenant=fleet.slugs[:2], verbosity=0)
    fleet.deploy(add_note=ADD_NOTE, add_mark=ADD_MARK)
    plan = fleet.migrate("--plan")
    assert "2 workspaces at product.0001_initial" in plan
    assert "2 workspaces at product.0002_add_note" in plan
    fleet.migrate()
    assert fleet.current() == fleet.slugs
    assert all({"note", "mark"} <= fleet.columns(tenant) for tenant in fleet.tenants)


def test_one_that_fails_stays_on_its_old_version_and_the_others_go_on(make_fleet):
    fleet = make_fleet(4)
    broken = fleet.tenants[2]
    break_it(broken)
    fleet.deploy(add_mark=ADD_MARK, add_note=ADD_NOTE)
    with pytest.raises(CommandError, match="1 are still behind"):
        fleet.migrate()
    assert fleet.current() == sorted(set(fleet.slugs) - {broken.slug})
    assert applied(broken) == ["0001_initial"]
    assert "mark" not in fleet.columns(broken), "its first migration was rolled back, too"
    with schema_context(broken.schema_name):
        Link.objects.create(code="still", target_url="https://example.com/")


def test_why_one_is_behind_is_kept_until_it_is_not(make_fleet):
    fleet = make_fleet(2)
    broken = fleet.tenants[1]
    break_it(broken)
    fleet.deploy(add_note=ADD_NOTE)
    for tries in (1, 2):
        with pytest.raises(CommandError):
            fleet.migrate()
        failure = MigrationFailure.objects.for_tenant(broken).get()
        assert (failure.tries, failure.wanted) == (tries, _wanted())
    assert failure.reason.startswith("product.0002_add_note: ")
    assert 'column "note"' in failure.reason
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{broken.schema_name}".product_link DROP note')
    fleet.migrate()
    assert not MigrationFailure.objects.for_tenant(broken).exists()


def _wanted() -> str:
    from tenants.pool import fingerprints

    return fingerprints.of_migrations()


def test_when_the_canary_fails_no_other_is_touched(make_fleet):
    fleet = make_fleet(3)
    break_it(fleet.tenants[0])
    fleet.deploy(add_note=ADD_NOTE)
    with pytest.raises(CommandError, match="3 are still behind"):
        fleet.migrate()
    assert fleet.current() == []


def test_after_too_many_failures_the_next_wave_does_not_begin(make_fleet):
    fleet = make_fleet(5)
    for tenant in fleet.tenants[1:3]:
        break_it(tenant)
    fleet.deploy(add_note=ADD_NOTE)
    with pytest.raises(CommandError, match="4 are still behind"):
        fleet.migrate("--first-wave", "2", "--stop-after", "2")
    assert fleet.current() == [fleet.tenants[0].slug]


def test_the_plan_says_what_would_happen_and_does_nothing(make_fleet):
    fleet = make_fleet(3)
    fleet.deploy(add_note=ADD_NOTE, fill=FILL_NOTE)
    said = fleet.migrate("--plan", "--first-wave", "1")
    assert "product.0002_add_note  (SQL, recorded once and replayed)" in said
    assert "product.0003_fill  (through Django, each)" in said
    assert f"canaries, one by one: {fleet.tenants[0].slug}" in said
    assert "waves of 1, 1, 4 at a time" in said
    assert fleet.current() == []
    assert "note" not in fleet.columns(fleet.tenants[0])


def test_the_plan_warns_of_what_breaks_processes_of_the_older_code(make_fleet):
    fleet = make_fleet(1)
    fleet.deploy(add_note=ADD_NOTE, add_mark=ADD_MARK, drop=DROP_TITLE)
    warned = [line.strip() for line in fleet.migrate("--plan").splitlines() if "!" in line]
    assert warned == [
        "! Add field mark to link: older code leaves it out; give it a db_default",
        "! Remove field title from link: older code still asks for it",
    ]


def test_a_table_in_use_is_waited_for_briefly_and_tried_again(make_fleet):
    fleet = make_fleet(3)
    fleet.deploy(add_note=ADD_NOTE)
    with InUse(fleet.tenants[1]) as release:
        threading.Timer(0.5, release).start()
        fleet.migrate("--lock-timeout", "0.1")
    assert fleet.current() == fleet.slugs


def test_a_table_that_stays_in_use_is_a_failure_with_a_reason(make_fleet):
    fleet = make_fleet(2)
    fleet.deploy(add_note=ADD_NOTE)
    with InUse(fleet.tenants[1]), pytest.raises(CommandError):
        fleet.migrate("--lock-timeout", "0.05", "--retries", "1")
    assert "look for long transactions" in MigrationFailure.objects.get().reason


class InUse:
    """A transaction of somebody else that has read the table and does not end."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    def __enter__(self):  # type: ignore[no-untyped-def]
        from django.db import DEFAULT_DB_ALIAS, connections

        self._other = connections.create_connection(DEFAULT_DB_ALIAS)
        self._other.inc_thread_sharing()
        self._cursor = self._other.cursor()
        table = f'"{self._tenant.schema_name}".product_link'
        self._cursor.execute(f"BEGIN; LOCK TABLE {table} IN ACCESS SHARE MODE")
        return self.release

    def release(self) -> None:
        self._cursor.execute("ROLLBACK")

    def __exit__(self, *_: object) -> None:
        self.release()
        self._other.close()


def test_a_migration_that_is_not_atomic_is_refused_before_anything_happens(make_fleet):
    fleet = make_fleet(2)
    fleet.deploy(
        add_mark=ADD_MARK,
        slowly="""
    atomic = False
    operations = [
        AddIndexConcurrently("link", models.Index(fields=["title"], name="links_by_title"))
    ]
""",
    )
    with pytest.raises(CommandError, match="write AddIndex instead of AddIndexConcurrently"):
        fleet.migrate()
    assert "mark" not in fleet.columns(fleet.tenants[0])


def test_files_that_changed_without_new_migrations_cost_one_statement(make_fleet):
    fleet = make_fleet(3)
    fleet.deploy()  # the same migrations in another place
    Tenant.objects.filter(slug__in=fleet.slugs).update(fingerprint="of another day")
    assert "3 were current already" in fleet.migrate()
    assert fleet.current() == fleet.slugs


def test_a_workspace_without_its_schema_is_named(make_fleet):
    fleet = make_fleet(2)
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA "{fleet.tenants[0].schema_name}" CASCADE')
    fleet.deploy(add_note=ADD_NOTE)
    with pytest.raises(CommandError):
        fleet.migrate()
    assert "no schema" in MigrationFailure.objects.get().reason
    assert fleet.current() == [fleet.tenants[1].slug]


def test_what_is_being_prepared_or_removed_is_left_alone(make_fleet):
    fleet = make_fleet(3)
    statuses = (Status.PREPARING, Status.PURGING, Status.DELETED)
    for tenant, status in zip(fleet.tenants, statuses, strict=True):
        Tenant.objects.filter(pk=tenant.pk).update(status=status)
    fleet.deploy(add_note=ADD_NOTE)
    call_command("migrate_tenants", tenant=[fleet.tenants[2].slug], verbosity=0)
    assert fleet.current() == [fleet.tenants[2].slug]
    with pytest.raises(CommandError, match="no workspace"):
        call_command("migrate_tenants", tenant=[fleet.tenants[0].slug])


def test_two_runs_at_once_do_each_workspace_once(make_fleet):
    from tenants.fleet import planning, versions
    from tenants.fleet.planning import Pace

    fleet = make_fleet(6)
    fleet.deploy(add_note=ADD_NOTE)
    mine = Tenant.objects.filter(slug__in=fleet.slugs)
    runs = [
        running.Run(
            planning.make(list(versions.behind(mine)), pace=Pace(workers=2)), Pace(workers=2)
        )
        for _ in range(2)
    ]

    def go(run: running.Run) -> None:
        try:
            run.go()
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=[run]) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(run.report.migrated for run in runs) == 6
    assert not any(run.report.failed for run in runs)
    assert all(applied(tenant).count("0002_add_note") == 1 for tenant in fleet.tenants)


def test_spare_schemas_are_made_anew(make_fleet, settings):
    from tenants import pool

    settings.POOL_SIZE = 1
    fleet = make_fleet(1)
    old = set(PoolSchema.objects.values_list("schema_name", flat=True))
    fleet.deploy(add_note=ADD_NOTE)
    earlier = timezone.now() - timedelta(hours=2)  # lately made ones may be another version's
    PoolSchema.objects.filter(schema_name__in=old).update(created_at=earlier)
    pool.refill()
    spare = PoolSchema.objects.exclude(schema_name__in=old).first()
    assert spare is not None
    assert "note" in fleet.columns(Tenant(schema_name=spare.schema_name))
    assert not PoolSchema.objects.filter(schema_name__in=old).exists()
