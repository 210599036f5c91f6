"""On a restored server, with a Redis that knows nothing: what was stored comes once more.

Reads the parcels of the stream from its input. Prints what was used before and after, and how many
links a quota of four lets in.
"""

import json
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from events.redis.redis_client import quick  # noqa: E402
from metering.asking import usage  # noqa: E402
from metering.quotas import QuotaExceeded, consume  # noqa: E402
from tenants.models import Tenant  # noqa: E402

meadow = Tenant.objects.get(slug="meadow")
redis = quick(settings.REDIS_URL)
assert redis.dbsize() == 0, "this Redis knows something"


def used() -> dict[str, int]:
    return {each.meter.key: each.used for each in usage.levels(meadow)}


before, let_in = used(), 0
try:
    while let_in < 10:
        consume(meadow, "links")
        let_in += 1
except QuotaExceeded:
    pass
for parcel in json.loads(sys.argv[1]):
    redis.xadd(settings.EVENTS_STREAM, {"e": parcel})
call_command("consume_events", once=True)
print(json.dumps({"before": before, "let_in": let_in, "after": used()}))
