"""Prints, as JSON, what this installation says of its workspaces. Runs in the code of any commit.

Only what every commit since b045b05 has is used: this file is of the present, and the rest is not.
"""

import json
from datetime import UTC, datetime, timedelta

import django

django.setup()

from django.contrib.sessions.models import Session  # noqa: E402
from django.db import connection  # noqa: E402
from django_tenants.utils import schema_context  # noqa: E402

try:
    from metering.asking import usage
    from metering.asking.query import Question, ask
    from metering.definitions.catalogue import meters
    from metering.quotas import limits
except ImportError:  # before metering had rooms
    from metering.catalogue import meters
    from metering.query import Question, ask

    from metering import limits, usage
from tenants.models import Domain, Membership, Tenant  # noqa: E402

TABLES = {
    "statements": ("metering_statement", "tenant_id, number, meter, period_start, period_end, value,"
                   " count, included, price_amount, price_per, currency, previous, hash"),
    "adjustments": ("metering_adjustment", "tenant_id, value, count"),
    "quotas": ("metering_quota", "tenant_id, meter, \"limit\", hard, price_amount, price_per"),
    "people": ("identity_user", "id, email, name, password, is_active, is_staff"),
    "addresses": ("account_emailaddress", "user_id, email, verified, \"primary\""),
    "accounts": ("billing_account", "tenant_id, plan_key, interval, status, stripe_customer_id"),
    "keys": ("tenants_apikey", "tenant_id, name, key_hash, revoked_at"),
}  # fmt: skip
IN_A_WORKSPACE = {
    "links": ("product_link", "id, code, title, target_url, file_id"),
    "files": ("product_file", "id, name, size, sha256, storage_key"),
}


def main() -> None:
    told = {name: _rows(*where) for name, where in TABLES.items() if _is_there(where[0])}
    told["sessions"] = sorted(Session.objects.values_list("session_key", flat=True))
    told["hosts"] = sorted(Domain.objects.values_list("domain", flat=True))
    told["members"] = sorted(map(str, Membership.objects.values_list("tenant", "user", "role")))
    workspaces = Tenant.objects.exclude(schema_name="public").order_by("schema_name")
    told["workspaces"] = {each.schema_name: _of_workspace(each) for each in workspaces}
    print(json.dumps(told, default=str, sort_keys=True))


def _of_workspace(tenant: Tenant) -> dict:
    now = datetime.now(UTC)
    first = (now - timedelta(days=60)).replace(hour=0, minute=0, second=0, microsecond=0)
    asked = {
        key: Question(meter=key, start=first, window="day", group_by=meter.group_by)
        for key, meter in meters().items()
    }
    said = dict(zip(asked, ask(tenant, *asked.values(), now=now), strict=True))
    told = {
        "used": {each.meter.key: each.used for each in usage.levels(tenant)},
        "limits": {key: [each.value, each.hard] for key, each in limits.of(tenant).items()},
        "by_day": {
            key: sorted([str(row.start), str(row.group), str(row.value), row.count] for row in rows)
            for key, rows in said.items()
        },
    }
    with schema_context(tenant.schema_name):
        return told | {name: _rows(*where) for name, where in IN_A_WORKSPACE.items()}


def _rows(table: str, columns: str) -> list:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table}")  # noqa: S608
        return sorted([str(value) for value in row] for row in cursor.fetchall())


def _is_there(table: str) -> bool:
    return table in connection.introspection.table_names()


main()
