"""A workspace whose months end at an odd second, and how a test closes them."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, transaction

from events.health import Lag
from metering.models import Ledger
from metering.periods import cycles
from metering.statements import close_due
from tenants.models import Tenant
from tests.metering.parcels import BY_KEY, NOON, sent

MONTHLY = [meter for meter in BY_KEY.values() if meter.period == "month"]
ANCHOR = NOON.replace(day=5, hour=9, minute=17, second=23)  # 5 October; the period until 5 November
NEXT = ANCHOR.replace(month=11)
LATER = NEXT.replace(month=12)
HOUR = timedelta(hours=1)


def stored():
    """Nothing waits."""
    return Lag()


@contextmanager
def past_the_trigger():
    """As somebody who owns the tables may do."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("metering_statement", "metering_adjustment"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER immutable")
        yield cursor
        for table in ("metering_statement", "metering_adjustment"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER immutable")


def begin(tenant):
    """Its only closed period would be the one that ends on NEXT."""
    Tenant.objects.filter(pk=tenant.pk).update(created_at=ANCHOR)
    Ledger.objects.all().delete()
    cycles.set_anchor(tenant, ANCHOR, since=ANCHOR)


def at(moment, number, tenant, **properties):
    """A parcel of the workspace, sent at this moment."""
    seconds = (moment - NOON).total_seconds()
    return sent(number=number, seconds=seconds, tenant=tenant.schema_name, **properties)


def close(tenant, *, now, lag=stored):
    """Close all that is due; the statements of this workspace."""
    return [each for each in close_due(now=now, lag=lag) if each.tenant_id == tenant.pk]
