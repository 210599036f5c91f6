"""The pool: what is ready, what is handed out, how much of it there is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection, transaction
from django.utils import timezone
from django_tenants.utils import schema_exists, tenant_context

from identity.models import User
from product.models import Link
from tenants import pool
from tenants.models import PoolSchema, SchemaTemplate, Status, Tenant
from tenants.pool import citus, claiming, demand, fingerprints, schemas, templates
from tenants.pool.templates import Template
from tenants.signing_up import provisioning
from tenants.signing_up.provisioning import NewWorkspace


@pytest.fixture
def owner(db) -> User:
    return User.objects.create_user(f"{uuid4().hex}@example.org", "correct horse", name="Nora")


def ready() -> set[str]:
    return set(PoolSchema.objects.values_list("schema_name", flat=True))


def create(owner: User, **wanted: object) -> Tenant:
    return provisioning.create_workspace(NewWorkspace(name="New", **wanted), owner=owner)


def test_a_workspace_gets_a_ready_schema_with_its_fingerprint(owner):
    before = ready()
    made = create(owner)
    assert made.schema_name in before - ready()
    assert made.status == Status.ACTIVE
    assert made.fingerprint == fingerprints.of_migrations()


def test_a_rollback_puts_the_schema_back(owner):
    before = ready()
    with transaction.atomic():
        create(owner)
        assert ready() < before
        transaction.set_rollback(True)
    assert ready() == before


def test_a_claim_is_one_statement(owner, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert pool.claim(templates.listed()[0]) is not None


@pytest.mark.parametrize(
    ("template", "codes"),
    [
        ("standard", {"sample", "sample-guide"}),
        ("campaign", {"sample-mail", "sample-social", "sample-poster", "sample-guide"}),
        ("files", {"sample-guide"}),
        ("empty", set()),
        ("one that is no longer listed", {"sample", "sample-guide"}),
    ],
)
def test_it_is_furnished_from_the_template_that_was_asked_for(owner, template, codes):
    made = create(owner, template=template)
    with tenant_context(made):
        assert set(Link.objects.values_list("code", flat=True)) == codes


def test_a_stale_schema_is_never_handed_out(owner):
    PoolSchema.objects.update(fingerprint="of an older migration")
    stale = ready()
    made = create(owner)
    assert made.schema_name not in stale
    assert schema_exists(made.schema_name)


def test_a_schema_of_another_template_is_not_handed_out_instead(owner):
    others = PoolSchema.objects.exclude(fingerprint=fingerprints.of_template("files"))
    taken = create(owner, template="files", may_wait=True)
    assert taken.schema_name not in set(others.values_list("schema_name", flat=True))


def test_with_an_empty_pool_a_program_gets_its_workspace_at_once(owner):
    PoolSchema.objects.all().delete()
    made = create(owner)
    assert made.status == Status.ACTIVE
    assert schema_exists(made.schema_name)


def test_without_a_migrated_template_a_program_is_told(owner):
    PoolSchema.objects.all().delete()
    SchemaTemplate.objects.all().delete()
    with pytest.raises(schemas.NoTemplate, match="prepare"):
        create(owner)


def test_those_who_claim_at_once_get_different_schemas(committed):
    pool.refill(size=3)
    before, start, taken = ready(), threading.Barrier(3), []

    def claim() -> None:
        with transaction.atomic():
            start.wait()
            taken.append(pool.claim(templates.listed()[0]))
            start.wait()  # all three hold one now
            transaction.set_rollback(True)
        connection.close()

    threads = [threading.Thread(target=claim) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(taken)) == 3
    assert set(taken) <= before == ready()


@pytest.fixture
def grown(committed) -> Iterator[None]:
    """What is in the pool beyond what was there before is removed afterwards."""
    pool.refill()
    before = ready()
    yield
    for name in ready() - before:
        schemas.drop(name)
    PoolSchema.objects.exclude(schema_name__in=before).delete()


def test_a_refill_makes_what_is_missing_of_each_template_and_drops_what_is_stale(grown):
    stale = schemas.new_name()
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{stale}"')
    long_ago, other = timezone.now() - timedelta(hours=2), {"fingerprint": "of another version"}
    PoolSchema.objects.create(schema_name=stale, created_at=long_ago, **other)
    PoolSchema.objects.create(schema_name="w_beside", **other)  # whose processes still run
    sample = storages["workspaces"].save(f"{stale}/sample.pdf", ContentFile(b"%PDF"))
    size = pool.levels()["campaign"] + 1
    made = pool.refill(size=size)
    assert made >= 1
    assert set(pool.levels().values()) == {size}
    assert all(schema_exists(name) for name in ready() - {"w_beside"})
    assert not schema_exists(stale)
    assert stale not in ready()
    assert PoolSchema.objects.filter(pk="w_beside").delete()[0] == 1
    assert not storages["workspaces"].exists(sample)


def test_of_those_made_together_one_that_fails_leaves_none(grown, monkeypatch):
    before, made = ready(), []
    first = templates.listed()[0]

    def furnish() -> None:
        made.append(connection.schema_name)
        if len(made) == 2:
            raise RuntimeError("The second one cannot be furnished.")

    with pytest.raises(RuntimeError, match="second"):
        claiming.add(Template(first.name, furnish=furnish), 3)
    assert len(made) == 2
    assert ready() == before
    assert not any(schema_exists(name) for name in made)


def test_a_refill_stops_after_its_time(grown):
    assert pool.refill(size=100, seconds=0.001) == 1


def test_a_gentle_refill_rests_only_where_enough_is_ready(grown, settings, monkeypatch):
    rests = []
    monkeypatch.setattr("time.sleep", rests.append)
    have = min(pool.levels().values())
    settings.POOL_MIN = 3 * (have + 10)
    pool.refill(size=have + 1, gently=True)
    assert rests == []
    settings.POOL_MIN = 3 * have
    pool.refill(size=have + 2, gently=True)
    assert rests
    assert min(rests) > 0


def test_the_scarcest_template_is_made_first(grown):
    PoolSchema.objects.filter(fingerprint=fingerprints.of_template("files")).update(
        fingerprint="of an older migration"
    )
    pool.refill(size=2, seconds=0.001)
    assert pool.levels()["files"] == 1


def signed_up(count: int, template: str, *, ago: timedelta) -> None:
    Tenant.objects.bulk_create(
        Tenant(
            name="Old",
            slug=uuid4().hex,
            schema_name=schemas.new_name(),
            template=template,
            created_at=timezone.now() - ago,
        )
        for _ in range(count)
    )


@pytest.fixture
def bounds(settings, db):
    settings.POOL_MIN, settings.POOL_MAX, settings.POOL_SECONDS = 4, 50, 60
    Tenant.objects.update(created_at=timezone.now() - timedelta(days=1))


def test_without_sign_ups_the_least_is_kept_of_each_template(bounds):
    assert demand.targets() == {"standard": 4, "campaign": 4, "files": 4}


def test_a_spike_of_the_last_minute_counts_in_full(bounds):
    signed_up(30, "campaign", ago=timedelta(seconds=20))
    assert demand.targets() == {"standard": 4, "campaign": 34, "files": 4}


def test_a_busy_hour_counts_by_its_rate(bounds):
    signed_up(120, "standard", ago=timedelta(minutes=30))
    assert demand.targets()["standard"] == 4 + 2


def test_what_is_long_ago_does_not_count(bounds):
    signed_up(120, "standard", ago=timedelta(minutes=61))
    assert demand.targets()["standard"] == 4


def test_more_than_the_most_is_never_kept(bounds):
    signed_up(80, "files", ago=timedelta(seconds=5))
    assert demand.targets()["files"] == 50


def test_without_citus_nothing_is_distributed(acme):
    assert citus.distribute(acme.schema_name) is False


def test_with_citus_a_schema_is_distributed_before_it_is_ready(owner):
    """A stand-in of Citus' function, by its name and signature, notes what it was given."""
    PoolSchema.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE distributed (name text, tables bigint)")
        cursor.execute("""
            CREATE FUNCTION citus_schema_distribute(name regnamespace) RETURNS void LANGUAGE sql AS
            $$ INSERT INTO public.distributed SELECT name::text, count(*) FROM pg_class
               WHERE relnamespace = name AND relkind = 'r' $$
        """)
    pool.refill(size=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM distributed WHERE tables >= 3")
        assert {name for (name,) in cursor.fetchall()} == ready()
