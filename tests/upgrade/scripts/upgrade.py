"""In the present code, on older databases: what is counted before and after `prepare` has mended.

    upgrade.py SCHEMA

Prints as JSON: counts before, counts after, whether a limit of twelve links refuses before, and what
`rebuild_rollups --check` says.
"""

import io
import json
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from metering.asking.query import Question, ask  # noqa: E402
from metering.quotas import quota  # noqa: E402
from metering.rollups import rollups  # noqa: E402
from plg_site.operating import preparation  # noqa: E402
from tenants.models import Tenant  # noqa: E402

schema = sys.argv[1]


def counted() -> dict[str, int]:
    keys = ("clicks", "links")
    answers = ask(schema, *(Question(meter=key) for key in keys))
    return {key: int(rows[0].value) for key, rows in zip(keys, answers, strict=True)}


preparation.shared_tables()
before = counted()
try:
    quota.consume(Tenant.objects.get(schema_name=schema), "links")
    refused = False
except quota.QuotaExceeded:
    refused = True
said = []
preparation.event_store(say=said.append)
check = io.StringIO()
call_command("rebuild_rollups", check=True, stdout=check)
print(
    json.dumps(
        {
            "before": before,
            "refused": refused,
            "after": counted(),
            "said": said,
            "check": check.getvalue(),
            "misshapen": rollups().misshapen(),
        }
    )
)
