"""On a restored server, with a Redis that knows nothing: are limits, seals and numbers right?

    again.py PARCELS        of the stream, as go_on.py has printed them: they come once more

Prints what was used before and after, how many links a quota of four lets in, and what the check of
the statements says.
"""

import io
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
seals = io.StringIO()
call_command("verify_statements", stdout=seals)


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
said = {"before": before, "let_in": let_in, "after": used(), "statements": seals.getvalue()}
print(json.dumps(said))
