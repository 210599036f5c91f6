"""The workspace is used: a closed month, clicks of today, a quota that is nearly full.

Prints the parcels of the stream, as they were before they were stored, and what `doctor` says of WAL.
"""

import json
from datetime import UTC, datetime, timedelta

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from uuid_utils.compat import uuid7  # noqa: E402

import events  # noqa: E402
from events import Event  # noqa: E402
from events.health import Lag  # noqa: E402
from events.redis.redis_client import quick  # noqa: E402
from events.store import get_store  # noqa: E402
from metering import statements  # noqa: E402
from metering.definitions.limit import Limit  # noqa: E402
from metering.models import Ledger  # noqa: E402
from metering.periods import cycles  # noqa: E402
from metering.quotas import set_limits  # noqa: E402
from plg_site.doctor import backups  # noqa: E402
from tenants.models import Tenant  # noqa: E402

meadow = Tenant.objects.get(slug="meadow")
long_ago = datetime.now(UTC) - timedelta(days=45)
Tenant.objects.filter(pk=meadow.pk).update(created_at=long_ago)
Ledger.objects.filter(tenant=meadow).delete()
cycles.set_anchor(meadow, long_ago, since=long_ago)


def click(number: int, when: datetime) -> Event:
    return Event(
        id=uuid7(), name="Link Clicked", time=when, received_at=when, tenant=meadow.schema_name,
        properties={"link_id": str(uuid7()), "code": f"spring-{number % 3}"},
    )  # fmt: skip


get_store().append([click(number, long_ago + timedelta(hours=number)) for number in range(40)])
made = statements.close_due(lag=Lag)
assert any(each.tenant_id == meadow.pk and each.value == 40 for each in made), made
set_limits(meadow, {"links": Limit(4)})
with events.batch():
    for number in range(25):
        events.record(
            "Link Clicked", tenant=meadow,
            properties={"link_id": uuid7(), "code": f"today-{number}"},
        )  # fmt: skip
redis = quick(settings.REDIS_URL)
parcels = [fields[b"e"].decode() for _, fields in redis.xrange(settings.EVENTS_STREAM)]
assert parcels
call_command("consume_events", once=True)
(wal,) = backups._received("main", backups._primary)
print(json.dumps({"parcels": parcels, "wal": wal.says}))
