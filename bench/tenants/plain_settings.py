"""The project as plain Django would have it: one customer, whose tables are the only ones.

Django's own backend and pool, no host to look up, no schema to enter: the path is that of one
workspace for good. Views, middleware, sessions and templates are the same, and so are the queries.
"""

import os
from typing import Any

from plg_site.settings import *  # noqa: F403
from plg_site.settings import DATABASES, MIDDLEWARE

_path = f"-c search_path={os.environ['PLAIN_SCHEMA']},public"
_database: Any = DATABASES["default"]
_database["ENGINE"] = "django.db.backends.postgresql"
_database["OPTIONS"]["options"] = _path
MIDDLEWARE = [
    "bench.tenants.plain.OneWorkspace" if each == "tenants.middleware.HostMiddleware" else each
    for each in MIDDLEWARE
]
