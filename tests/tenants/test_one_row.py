"""One row that fails ends no work for the others, is reported, and is tried again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tenants import pool
from tenants.archive import exports, imports
from tenants.domains import checking
from tenants.domains.models import CustomDomain, State
from tenants.jobs import rows
from tenants.keys import api_keys, key_holders
from tenants.life import deletion, moving, purge
from tenants.members import door_proofs
from tenants.models import (
    ApiKey,
    AuditEntry,
    Domain,
    Export,
    Import,
    JoinDomain,
    PoolSchema,
    PurgeReceipt,
    Tenant,
)
from tenants.pool import claiming, fingerprints, schemas, templates
from tenants.signing_up import provisioning
from tests.tenants import poisoned_people
from tests.tenants.archive import world
from tests.tenants.archive.conftest import owner  # noqa: F401 (a fixture)
from tests.tenants.poison import AGO, NOW, SOON, of_bad, poisoned


@pytest.fixture
def two(owner, settings) -> Iterator[SimpleNamespace]:  # type: ignore[no-untyped-def]  # noqa: F811
    """Two workspaces, really committed: the first one will be poisoned."""
    settings.DNS_RESOLVERS = ["127.0.0.1#9"]
    before = set(PurgeReceipt.objects.values_list("pk", flat=True))
    made = [
        provisioning.create_workspace(
            provisioning.NewWorkspace(name="Row", slug=f"row-{uuid4().hex[:8]}"), owner=owner
        )
        for _ in range(2)
    ]
    yield SimpleNamespace(bad=made[0], good=made[1], both=made, owner=owner)
    PurgeReceipt.objects.exclude(pk__in=before).delete()
    Import.objects.filter(owner=owner).delete()


def warns_of_keys(two: SimpleNamespace) -> bool:
    for tenant in two.both:
        api_keys.create(tenant, name="k", user=two.owner, expires_at=SOON)
    with poisoned(ApiKey, of_bad(two)):
        key_holders.warn(now=NOW)
    return ApiKey.objects.get(tenant=two.good).expiry_warned_at is not None


def warns_of_purges(two: SimpleNamespace) -> bool:
    Tenant.objects.filter(pk__in=[t.pk for t in two.both]).update(
        status="deleted", deleted_at=AGO, purge_after=SOON
    )
    with poisoned(Tenant, of_bad(two)):
        deletion.warn(now=NOW)
    return Tenant.objects.get(pk=two.good.pk).purge_warned_at is not None


def warns_of_doors(two: SimpleNamespace) -> bool:
    for tenant in two.both:
        JoinDomain.objects.create(tenant=tenant, domain="x.example", open_until=SOON)
    with poisoned(JoinDomain, of_bad(two)):
        door_proofs.check_due(now=NOW)
    return JoinDomain.objects.get(tenant=two.good).warned_at is not None


def checks_doors(two: SimpleNamespace) -> bool:
    for tenant in two.both:
        JoinDomain.objects.create(tenant=tenant, domain="x.example", next_check_at=AGO)
    with poisoned(JoinDomain, of_bad(two)):
        door_proofs.check_due(now=NOW)
    return JoinDomain.objects.get(tenant=two.good).checked_at is not None


def _claims(two: SimpleNamespace, **fields: Any) -> None:
    for tenant in two.both:
        CustomDomain.objects.create(tenant=tenant, name=f"{tenant.slug}.example.com", **fields)


def checks_domains(two: SimpleNamespace) -> bool:
    _claims(two, next_check_at=AGO)
    with poisoned(CustomDomain, of_bad(two)):
        checking.check_due(now=NOW)
    return CustomDomain.objects.get(tenant=two.good).checked_at is not None


def stops_domains(two: SimpleNamespace) -> bool:
    _claims(two, stops_at=AGO, state=State.SERVED)
    with poisoned(CustomDomain, of_bad(two)):
        checking.check_due(now=NOW)
    return CustomDomain.objects.get(tenant=two.good).state == State.STOPPED


def expires_archives(two: SimpleNamespace) -> bool:
    for tenant in two.both:
        Export.objects.create(tenant=tenant, state="ready", expires_at=AGO)
    with poisoned(Export, of_bad(two)):
        exports.tend(now=NOW)
    return Export.objects.get(tenant=two.good).state == "expired"


def makes_archives(two: SimpleNamespace) -> bool:
    for tenant in two.both:
        Export.objects.create(tenant=tenant)
    with poisoned(AuditEntry, of_bad(two)):
        exports.tend(now=NOW)
    return Export.objects.get(tenant=two.good).state == "ready"


def reads_archives(two: SimpleNamespace) -> bool:
    archive = world.archive_of(two.good)
    bad, good = (imports.bring(io.BytesIO(archive), owner=two.owner) for _ in "ab")
    with poisoned(Import, lambda row: row.pk == bad.pk):
        imports.tend()
    good.refresh_from_db()
    return good.state == Import.State.DONE


def forgets_addresses(two: SimpleNamespace) -> bool:
    for tenant in two.both:
        Domain.objects.create(tenant=tenant, domain=f"old-{tenant.slug}", former_until=AGO)
    with poisoned(Domain, of_bad(two)):
        moving.forget_former(now=NOW)
    return not Domain.objects.filter(domain=f"old-{two.good.slug}").exists()


def drops_schemas(two: SimpleNamespace) -> bool:
    names = [schemas.new_name() for _ in two.both]
    for name in names:
        PoolSchema.objects.create(schema_name=name, fingerprint="stale", created_at=AGO)
    try:
        with poisoned(PoolSchema, lambda row: row.pk == names[0]):
            claiming._drop_stale()
        return not PoolSchema.objects.filter(pk=names[1]).exists()
    finally:
        PoolSchema.objects.filter(pk__in=names).delete()


def makes_schemas(two: SimpleNamespace) -> bool:
    first, *others = templates.listed()
    assert others, "the product has more than one template"
    of_first = fingerprints.of_template(first.name)
    PoolSchema.objects.filter(fingerprint__in=[of_first]).delete()
    want = max(pool.levels().values()) + 1
    with poisoned(PoolSchema, lambda row: row.fingerprint == of_first):
        pool.refill(size=want)
    return all(pool.levels()[other.name] >= want for other in others)


def purges(two: SimpleNamespace) -> bool:
    for tenant in two.both:
        deletion.delete(tenant, by=two.owner)
    Tenant.objects.filter(pk=two.bad.pk).update(purge_after=NOW - timedelta(days=2))
    Tenant.objects.filter(pk=two.good.pk).update(purge_after=NOW - timedelta(days=1))
    with poisoned(Tenant, of_bad(two)):
        purge.purge_due(now=NOW)
    return Tenant.with_purged.get(pk=two.good.pk).purged_at is not None


def mails_receipts(two: SimpleNamespace) -> bool:
    for tenant in two.both:
        PurgeReceipt.objects.create(
            tenant=tenant, hash="x", mail_to=[{"to": "a@x.example", "name": "A"}], finished_at=NOW
        )
    with poisoned(PurgeReceipt, of_bad(two)):
        purge.purge_due(now=NOW)
    return PurgeReceipt.objects.get(tenant=two.good).mail_to == []


WORK = {
    "unproved.warn": poisoned_people.warns_the_unproved,
    "unproved.forget": poisoned_people.forgets_the_unproved,
    "unproved.end": poisoned_people.ends_the_unproved,
    "preparing.make": poisoned_people.prepares,
    "periods.close": poisoned_people.closes_periods,
    "merging.forget": poisoned_people.forgets_the_joined,
    "ledgers.open": poisoned_people.opens_ledgers,
    "alerts.evaluate": poisoned_people.looks_for_alerts,
    "api_keys.warn": warns_of_keys,
    "deletion.warn": warns_of_purges,
    "doors.check": checks_doors,
    "doors.warn": warns_of_doors,
    "domains.check": checks_domains,
    "domains.stop": stops_domains,
    "exports.expire": expires_archives,
    "exports.make": makes_archives,
    "imports.run": reads_archives,
    "moving.forget": forgets_addresses,
    "pool.drop": drops_schemas,
    "pool.make": makes_schemas,
    "purge.after": mails_receipts,
    "purge.workspace": purges,
}


def test_of_every_work_over_rows_one_is_poisoned_here():
    assert set(WORK) == set(rows.LOOPS)


@pytest.mark.parametrize("work", WORK)
def test_a_row_that_fails_ends_nothing_for_the_others_and_is_reported(two, work):
    assert WORK[work](two), "the other row was done"
    failed = rows.lately_failed()
    assert set(failed) == {work}
    assert "LookupError: poisoned" in failed[work]["error"]


def test_doctor_names_the_row_and_the_error(two, capsys):
    warns_of_keys(two)
    key = ApiKey.objects.get(tenant=two.bad)
    with pytest.raises((SystemExit, CommandError)):
        call_command("doctor", only=["row_failures"], json=True)
    said = json.loads(capsys.readouterr().out)
    assert str(key.pk) in json.dumps(said)
    assert "poisoned" in json.dumps(said)


def test_what_failed_is_tried_again(two):
    warns_of_keys(two)
    assert key_holders.warn(now=NOW) == 1
    assert ApiKey.objects.get(tenant=two.bad).expiry_warned_at is not None


def test_an_archive_that_we_cannot_read_for_a_day_is_refused_in_words(two):
    wanted = imports.bring(io.BytesIO(world.archive_of(two.good)), owner=two.owner)
    with poisoned(Import, lambda row: row.pk == wanted.pk):
        imports.tend()
        imports.tend(now=timezone.now() + timedelta(days=2))
    wanted.refresh_from_db()
    assert (wanted.state, wanted.reason) == (Import.State.REFUSED, "our_fault")
