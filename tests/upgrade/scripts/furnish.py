"""Gives a workspace of 5ec79f5 what takes a month: a closed period, and an API key.

    furnish.py SLUG

Prints the key's secret as JSON.
"""

import json
import sys
from datetime import UTC, datetime, timedelta

import django

django.setup()

from uuid_utils.compat import uuid7  # noqa: E402

from events import Event  # noqa: E402
from events.health import Lag  # noqa: E402
from events.store import get_store  # noqa: E402
from metering import cycles, statements  # noqa: E402
from metering.models import Ledger  # noqa: E402
from tenants import api_keys  # noqa: E402
from tenants.models import Tenant  # noqa: E402

tenant = Tenant.objects.get(slug=sys.argv[1])
long_ago = datetime.now(UTC) - timedelta(days=45)
Tenant.objects.filter(pk=tenant.pk).update(created_at=long_ago)
tenant.refresh_from_db()
Ledger.objects.filter(tenant=tenant).delete()
cycles.set_anchor(tenant, long_ago, since=long_ago)
get_store().append(
    [
        Event(
            id=uuid7(),
            name="Link Clicked",
            time=long_ago + timedelta(hours=number),
            received_at=long_ago + timedelta(hours=number),
            tenant=tenant.schema_name,
            properties={"link_id": str(uuid7()), "code": f"spring-{number % 3}"},
        )
        for number in range(40)
    ]
)
made = statements.close_due(lag=Lag)
assert any(each.tenant_id == tenant.pk and each.value == 40 for each in made), made
_, secret = api_keys.create(tenant, name="nightly", user=tenant.memberships.first().user)
print(json.dumps(secret))
