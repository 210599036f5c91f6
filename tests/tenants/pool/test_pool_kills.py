"""kill -9 in the middle of a claim or a refill: nothing half-made, nothing taken twice, a re-run ends."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django_tenants.utils import schema_exists

from identity.models import User
from tenants import pool
from tenants.models import Domain, Membership, PoolSchema, SchemaTemplate, Status, Tenant
from tenants.pool import preparing, schemas
from tests.tenants.pool_work import form_of, furnish
from tests.tenants.standing import at_steps

pytestmark = pytest.mark.thorough

CLAIM = ("claim.schema-taken", "claim.tenant-made", "claim.owner-made")
REFILL = ("refill.schema-made", "refill.furnished", "refill.listed")
ENV = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}


@pytest.fixture
def tag(committed) -> Iterator[str]:
    """Part of every address of the test; what carries it is removed afterwards."""
    tag = f"killed-{uuid4().hex[:6]}"
    yield tag
    made = Tenant.objects.filter(slug__startswith=tag)
    for name in made.values_list("schema_name", flat=True):
        schemas.drop(name)
    made.delete()
    User.objects.filter(email__contains=tag).delete()
    pool.refill()


def ready() -> set[str]:
    return set(PoolSchema.objects.values_list("schema_name", flat=True))


def orphans() -> set[str]:
    """Schemas that neither wait in the pool nor belong to a workspace."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'w\\_%'")
        found = {name for (name,) in cursor.fetchall()}
    return found - ready() - set(Tenant.objects.values_list("schema_name", flat=True))


def eventually_unlocked(names: set[str]) -> None:
    """The server has noticed that those who held rows of the pool are gone."""
    until = time.monotonic() + 60
    while True:
        free = PoolSchema.objects.select_for_update(skip_locked=True)
        with_lock = free.values_list("schema_name", flat=True)
        with transaction.atomic():
            if set(with_lock) == names:
                return
        assert time.monotonic() < until, "rows of the pool are still locked"
        time.sleep(0.05)


def test_a_killed_sign_up_leaves_nothing_and_can_be_sent_again(tag):
    pool.refill(size=3)
    before, strays = ready(), orphans()
    slugs = [f"{tag}-{number}" for number in range(len(CLAIM))]
    with at_steps(
        [(step, "sign_up", slug) for step, slug in zip(CLAIM, slugs, strict=True)], env=ENV
    ):
        assert not Tenant.objects.filter(slug__in=slugs).exists()  # nobody sees it half-made
    eventually_unlocked(before)
    assert ready() == before
    assert not Tenant.objects.filter(slug__in=slugs).exists()
    assert not Domain.objects.filter(domain__startswith=tag).exists()
    assert not User.objects.filter(email__contains=tag).exists()
    for slug in slugs:
        again = Client(headers={"host": settings.SITE_DOMAIN}).post("/signup/", form_of(slug))
        assert again.status_code == 302
    taken = list(Tenant.objects.filter(slug__in=slugs).values_list("schema_name", flat=True))
    assert len(set(taken)) == len(slugs)
    assert set(taken) <= before
    assert not ready() & set(taken)
    assert Membership.objects.filter(tenant__slug__in=slugs).count() == len(slugs)
    assert orphans() == strays


def test_a_killed_refill_leaves_no_schema_behind_and_the_next_one_ends(tag):
    furnished = furnish(tag)
    stale, waiting = furnished["stale"], Tenant.objects.get(schema_name=furnished["waiting"])
    before, strays = ready(), orphans()
    work = [
        ("refill.prepared", "prepare", ""),
        *((step, "add_to_the_pool", "") for step in REFILL),
        ("refill.stale-dropped", "drop_stale", ""),
    ]
    with at_steps(work, env=ENV):
        assert ready() == before
        assert preparing.progress(waiting) is not None  # not before it is committed
    eventually_unlocked(before)
    assert (ready(), orphans()) == (before, strays)
    assert schema_exists(stale)
    waiting.refresh_from_db()
    assert waiting.status == Status.PREPARING
    assert not schema_exists(waiting.schema_name)
    pool.refill()
    waiting.refresh_from_db()
    assert waiting.status == Status.ACTIVE
    assert schema_exists(waiting.schema_name)
    assert not schema_exists(stale)
    assert orphans() == strays


def test_a_template_whose_builder_was_killed_is_built_by_the_next_one(tag):
    SchemaTemplate.objects.all().delete()
    with at_steps([("refill.template-migrated", "build", "")], env=ENV):
        assert schemas.script() is None
    assert schemas.script() is None
    assert "CREATE TABLE" in schemas.build()
    assert pool.refill(size=pool.levels()["standard"] + 1) > 0
    assert SchemaTemplate.objects.count() == 1
