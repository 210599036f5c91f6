"""At b045b05: a workspace whose usage waits in the tail of the rollups. Prints its schema as JSON."""

import json
from datetime import UTC, datetime, timedelta

import django

django.setup()

from django.conf import settings  # noqa: E402
from metering.catalogue import Limit  # noqa: E402
from uuid_utils.compat import uuid7  # noqa: E402

from events import Event  # noqa: E402
from events.store import get_store  # noqa: E402
from identity.models import User  # noqa: E402
from metering import limits  # noqa: E402
from plg_site import preparation  # noqa: E402
from tenants import provisioning  # noqa: E402

preparation.shared_tables()
preparation.event_store()
preparation.workspace_pool()
owner = User.objects.create_user("ana@early.example", "correct horse", name="Ana")
tenant = provisioning.create_workspace(
    provisioning.NewWorkspace(name="Early", slug="early"), owner=owner
)
limits.set_limits(tenant, {"links": Limit(12)})
now = datetime.now(UTC)


def event(name: str, hours: int, **properties: object) -> Event:
    when = now - timedelta(hours=hours)
    return Event(id=uuid7(), name=name, time=when, received_at=when, tenant=tenant.schema_name,
                 properties=properties)  # fmt: skip


made = [event("Link Count Changed", hours, change=1) for hours in range(12)]
made += [
    event("Link Clicked", hours, link_id=str(uuid7()), code=f"c{hours % 4}") for hours in range(30)
]
get_store().append(made[:5])  # few, which go into the rollups at once
settings.METERING_TAIL_FROM = 1  # as a batch over thousands of workspaces
settings.METERING_TAIL_ROWS = 10**9
get_store().append(made[5:])
with get_store().connection() as connection:
    waiting = connection.execute("SELECT count(*) FROM rollup_tail").fetchone()[0]
assert waiting >= 2, waiting
print(json.dumps(tenant.schema_name))
