"""At 5ec79f5, on the databases of b045b05: some more clicks. Prints what it counts as JSON.

go_on.py SCHEMA
"""

import json
import sys
from datetime import UTC, datetime

import django

django.setup()

from metering.query import Question, ask  # noqa: E402
from uuid_utils.compat import uuid7  # noqa: E402

from events import Event  # noqa: E402
from events.store import get_store  # noqa: E402
from plg_site import preparation  # noqa: E402

preparation.shared_tables()
preparation.event_store()
now = datetime.now(UTC)
get_store().append(
    [
        Event(id=uuid7(), name="Link Clicked", time=now, received_at=now, tenant=sys.argv[1],
              properties={"link_id": str(uuid7()), "code": "late"})
        for _ in range(3)
    ]
)  # fmt: skip
keys = ("clicks", "links")
answers = ask(sys.argv[1], *(Question(meter=key) for key in keys))
print(json.dumps({key: int(rows[0].value) for key, rows in zip(keys, answers, strict=True)}))
