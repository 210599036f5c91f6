"""Each kind of difference is made, and named exactly; none is found where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from billing import reconciling
from billing.models import Difference, Subscription, UsageCharge
from billing.reconciling import comparers, keeping, running, sent
from billing.reconciling.comparers import Comparer, Found, Scope
from metering.definitions import meters
from metering.models import Statement
from metering.rollups import trust
from metering.rollups.chosen import rollups
from tenants.models import Tenant
from tests.billing import stated
from tests.billing.exporting.conftest import DAY, HOUR, Metered

pytestmark = pytest.mark.django_db

_MORE = "UPDATE rollup_hour SET value = value + 2 WHERE tenant = %s AND meter = 'clicks'"
_GONE = "DELETE FROM event WHERE tenant = %s AND properties->>'link_id' = %s"
_MADE_UP = """
    INSERT INTO rollup_day (tenant, meter, bucket, value, count)
    VALUES (%s, 'visitors', date_trunc('day', now(), 'UTC') - interval '1 day', 3, 3)
"""


def found(metered: Metered) -> list[str]:
    """What a run over the workspace says, without its name."""
    said: list[str] = []
    scope = Scope(metered.start - DAY, metered.now + DAY, metered.now + DAY, metered.shop.tenant)
    number = reconciling.reconcile(scope, say=said.append)
    assert number == len(said)
    return sorted(each.split(": ", 1)[1] for each in said)


@contextmanager
def undone() -> Iterator[None]:
    """What is changed within is as it was afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def in_the_log(metered: Metered, statement: str, *given: Any) -> None:
    with metered.log.store.connection() as connection:
        connection.execute(statement, [metered.shop.tenant.schema_name, *given])
        connection.commit()


@pytest.fixture
def billed(metered: Metered) -> Metered:
    """A month that is over: eight clicks, of which three were included."""
    metered.skip(1)
    metered.click(8, metered.start + HOUR)
    metered.bring()
    metered.skip((metered.period.period_end - metered.start).days - 1)
    metered.bring()
    metered.close(2 * HOUR)
    assert metered.bring(2 * HOUR) == 1
    assert found(metered) == []
    return metered


def test_each_difference_is_named_to_the_unit(billed: Metered) -> None:
    tenant, day = billed.shop.tenant, f"{billed.start:%-d %b %Y}"
    with undone():
        UsageCharge.objects.filter(tenant=tenant).update(amount=7)
        assert found(billed) == [
            f"charges: clicks from {day}, charged: 7, should be 500 usd",
            f"stripe's metered lines: clicks from {day}, Stripe's invoice {billed.period.invoice_id}: "
            "500, should be 7",
        ]
    with undone():
        UsageCharge.objects.filter(tenant=tenant).delete()
        assert f"charges: clicks from {day}, charged: 0, should be 500 usd" in found(billed)
    with undone():
        billed.period.exports.all().delete()
        assert found(billed) == [
            f"exports: clicks from {day}, export rows: 0, should be 5",
            f"stripe's meters: clicks from {day}, Stripe's meter: 5, should be 0",
        ]
    with undone():
        second = Subscription.objects.get(tenant=tenant)
        first, second.pk, second.stripe_id = second.stripe_id, None, "sub_zzz_by_hand"
        second.save()
        assert found(billed) == [
            f"subscriptions: Live subscriptions ({first}, sub_zzz_by_hand): 2, should be 1"
        ]
    made_twice(billed)
    off = f"stripe's meters: clicks from {day}, Stripe's meter: 9, should be 5"
    assert found(billed) == [off]
    hour = billed.start + HOUR
    in_the_log(billed, _MORE)
    changed = f"rollups: clicks on {hour:%-d %b %Y} by the hour, rollup: 10, should be 8"
    assert [each for each in found(billed) if each.startswith("rollups")] == [changed]
    rollups().rebuild(hour.date(), meters=[meters()["clicks"]])
    assert found(billed) == [off]
    in_the_log(billed, _GONE, "3")
    clicks = [each for each in found(billed) if "clicks on" in each]
    assert clicks == [
        f"rollups: clicks on {hour:%-d %b %Y} by the {grain}, rollup: 8, should be 7"
        for grain in ("day", "hour", "minute")
    ]
    rollups().rebuild(hour.date(), meters=list(meters().values()))
    statement = Statement.objects.get(tenant=tenant, meter="clicks", period_start=billed.start)
    words = f"statements: clicks from {day}, statement {statement.number}: 8, should be 7"
    assert words in found(billed)


def made_twice(billed: Metered) -> None:
    billed.stripe.v1.billing.meter_events.create(
        {
            "event_name": "plg_clicks",
            "payload": {"stripe_customer_id": billed.shop.customer, "value": "4"},
            "timestamp": int((billed.start + 2 * HOUR).timestamp()),
        }
    )


def test_a_difference_is_kept_once_and_settled_when_it_is_gone(billed: Metered) -> None:
    charge = UsageCharge.objects.filter(tenant=billed.shop.tenant)
    charge.update(amount=7)
    assert len(found(billed)) == len(found(billed)) == 2
    rows = Difference.objects.filter(tenant=billed.shop.tenant)
    assert rows.count() == 2
    assert reconciling.count() == 2
    [first, _] = sorted(reconciling.unsettled(10), key=lambda one: one.comparer)
    assert (first.comparer, first.found, first.expected, first.unit) == ("charges", 7, 500, "usd")
    charge.update(amount=5_00)
    assert found(billed) == []
    assert reconciling.count() == 0
    assert len(keeping.settled()) == 2
    keeping.tidy(now=billed.now + 91 * DAY + DAY)
    assert not rows.exists()


def test_a_draft_that_waits_too_long_is_told_of_and_then_asks_for_what_was_counted(
    metered: Metered,
) -> None:
    """Somebody else sends events for our customer, so both sides never count the same."""
    metered.skip(1)
    metered.click(8, metered.start + HOUR)
    metered.bring()
    made_twice(metered)
    metered.skip((metered.period.period_end - metered.start).days - 1)
    metered.bring()
    metered.close(2 * HOUR)
    assert metered.bring(2 * HOUR) == 0
    draft = metered.invoices()[-1]
    assert (draft.status, draft.auto_advance) == ("draft", False)
    day = f"{metered.start:%-d %b %Y}"
    told = f"held drafts: clicks from {day}, the renewal's draft waits for its usage"
    span = (metered.start - DAY, metered.now + DAY)
    soon, later = Scope(*span, metered.now + 23 * HOUR), Scope(*span, metered.now + 25 * HOUR)
    assert sent.held_too_long(soon, [metered.shop.tenant.pk]) == set()
    assert sent.held_too_long(later, [metered.shop.tenant.pk]) == {metered.shop.tenant.pk}
    assert told in found(metered)
    assert metered.bring(2 * DAY) == 0
    assert metered.bring(3 * DAY + 2 * HOUR) == 1
    billed = metered.invoices()[-1]
    assert (billed.id, billed.status in ("open", "paid")) == (draft.id, True)
    usage = [line.amount for line in billed.lines.data if line.amount != 29_00]
    assert sum(usage) == 5_00, "what is stated, whatever the meter has"
    assert (metered.period.state, metered.bring(4 * DAY)) == ("billed", 0)
    assert told not in found(metered)


def test_a_line_that_stripe_has_otherwise_is_named(metered: Metered) -> None:
    tenant = metered.shop.tenant
    statement = stated.statement(tenant, 123_456, month=7)
    metered.bring()
    scope = Scope(statement.period_start, statement.period_end, metered.now + DAY, tenant)
    UsageCharge.objects.filter(statement=statement).update(amount=230)
    said: list[str] = []
    reconciling.reconcile(scope, say=said.append)
    invoice = UsageCharge.objects.get(statement=statement).invoice
    assert invoice is not None
    line = f"Stripe's invoice {invoice.stripe_id}, the line of statement {statement.number}"
    assert [each for each in said if "invoice" in each] == [
        f"{tenant.slug}: stripe's invoices: {line}: 235, should be 230 usd"
    ]


def test_the_fault_of_one_does_not_end_the_work_for_the_others(
    metered: Metered, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compare(tenant: Any, scope: Scope) -> Iterator[Found]:
        if tenant == metered.shop.tenant:
            raise RuntimeError("broken")
        yield Found(key="k", what="Something", expected=2, found=1)

    monkeypatch.setattr(comparers, "_comparers", {"own": Comparer("own", of_one=compare)})
    said: list[str] = []
    number = reconciling.reconcile(reconciling.scope_of(now=metered.now), say=said.append)
    assert number == len(said) > 2
    assert f"{metered.shop.tenant.slug}: fault: own could not be compared: RuntimeError" in said
    assert sum("own: Something: 1, should be 2" in each for each in said) == number - 1


def test_all_are_asked_at_once_and_each_only_where_that_fails_or_finds_something(
    metered: Metered, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    batches: list[int] = []

    def compare(tenant: Any, scope: Scope) -> Iterator[Found]:
        asked.append(tenant.pk)
        yield Found(key="k", what="Something")

    def concerns(scope: Scope, ids: Any) -> Any:
        batches.append(len(ids))
        return [pk for pk in ids if pk == metered.shop.tenant.pk]

    def broken(scope: Scope, ids: Any) -> Any:
        raise RuntimeError("broken")

    scope, others = reconciling.scope_of(now=metered.now), 2 * running.AT_ONCE
    Tenant.objects.bulk_create(
        Tenant(name=f"R {n}", slug=f"of-many-{n}", schema_name=f"w_many_{n}") for n in range(others)
    )
    known = {"own": Comparer("own", of_one=compare, concerns=concerns)}
    monkeypatch.setattr(comparers, "_comparers", known)
    assert reconciling.reconcile(scope) == 1
    assert asked == [metered.shop.tenant.pk]
    assert max(batches) == running.AT_ONCE < sum(batches)
    monkeypatch.setattr(
        comparers, "_comparers", {"own": Comparer("own", of_one=compare, concerns=broken)}
    )
    asked.clear()
    assert reconciling.reconcile(scope) == len(asked) == len(set(asked)) == sum(batches)


def test_the_command_prints_them_and_says_so_with_its_exit(metered: Metered) -> None:
    slug = metered.shop.tenant.slug
    metered.click(1, metered.start)
    trust.forget()
    out = StringIO()
    call_command("reconcile", workspace=slug, stdout=out)
    assert out.getvalue().startswith("0 differences, ")
    in_the_log(metered, _MADE_UP)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("reconcile", workspace=slug, stdout=out)
    assert ended.value.code == 1
    assert f"{slug}: rollups: visitors on " in out.getvalue()
    assert "by the day, rollup: 3, should be nothing" in out.getvalue()
    with pytest.raises(CommandError, match="No workspace"):
        call_command("reconcile", workspace="nobody")
    with pytest.raises(CommandError, match="is no month"):
        call_command("reconcile", period="November")
