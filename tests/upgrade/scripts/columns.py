"""How many workspaces have the column that tests.tenants.fleet.later adds, and how many have not."""

import json

import django

django.setup()

from django.db import connection  # noqa: E402

COUNT = """
    SELECT count(c.column_name), count(*) - count(c.column_name) FROM tenants_tenant t
    LEFT JOIN information_schema.columns c ON c.table_schema = t.schema_name
    AND c.table_name = 'product_link' AND c.column_name = 'note'
    WHERE t.status = 'active'
"""
SHARED = """
    SELECT count(*) FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = 'tenants_tenant' AND column_name = 'remark'
"""
with connection.cursor() as cursor:
    cursor.execute(COUNT)
    there, missing = cursor.fetchone()
    cursor.execute(SHARED)
    print(json.dumps({"with": there, "without": missing, "shared": cursor.fetchone()[0]}))
