"""Run in the environment of a stack: waits until all is stored, then counts everything again.

    python -m tests.stack.survival.recount SCHEMA

Says as JSON which buckets differ from the raw events, what lies in the dead letters, and how many
links the workspace has by row and by meter.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import django

PATIENCE = 180.0


def main(schema: str) -> dict[str, Any]:
    from django_tenants.utils import schema_context

    from metering.asking import usage
    from product.models import Link

    wait_until_stored()
    with schema_context(schema):
        links = Link.objects.filter(is_sample=False).count()
    return {
        "different": different(),
        "dead": dead(),
        "links": links,
        "links_metered": int(usage.current(schema, "links")),
    }


def wait_until_stored() -> None:
    """Nothing waits anywhere. Raises TimeoutError."""
    from events import health

    until = time.monotonic() + PATIENCE
    while True:
        lag = health.lag()
        if not (lag.waiting or lag.outbox or lag.pending or lag.spool_bytes or lag.unknown):
            return
        if time.monotonic() > until:
            raise TimeoutError(f"Not all was stored: {lag}")
        time.sleep(0.2)


def different() -> list[str]:
    """Buckets of all workspaces that do not say what the raw events say."""
    from metering.definitions.catalogue import meters
    from metering.rollups import rollups
    from metering.rollups.partials import GRAINS

    kept_by, defined, found = rollups(), list(meters().values()), []
    for grain in GRAINS:
        kept = kept_by.stored(grain=grain, meters=defined)
        counted = kept_by.recount(grain=grain, meters=defined)
        for bucket in kept.keys() | counted.keys():
            if kept.get(bucket) != counted.get(bucket):
                said = f"kept {kept.get(bucket)}, counted {counted.get(bucket)}"
                found.append(f"{grain} {bucket}: {said}")
    for day in kept_by.days(meters=list(meters())):
        if count := kept_by.differences(day, meters=defined):  # by dimension and by value, too
            found.append(f"{day}: {count} buckets")
    return found


def dead() -> list[str]:
    """Each dead letter with its reason."""
    from events import conf
    from events.redis.keys import Keys
    from events.redis.redis_client import patient

    entries = patient(conf.redis_url()).xrange(Keys(conf.stream()).dead)
    return [f"{fields[b'reason'].decode()}: {fields[b'e']!r}" for _, fields in entries]


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(sys.argv[1])))
