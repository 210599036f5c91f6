"""Schemas on the workers of a Citus cluster. On any other PostgreSQL, nothing happens here.

https://docs.citusdata.com/en/stable/get_started/tutorial_microservices.html: a distributed schema is
a shard; its tables live together on one worker and are used through the coordinator as before.
"""

from __future__ import annotations

from django.db import connection


def distribute(schema: str) -> bool:
    """Hand a schema with all its tables and rows over to a worker; True where there are workers.

    Call it in the transaction that makes the schema, as the last step: identity columns are refused
    in a schema that is distributed already, and a rollback takes everything back.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regprocedure('citus_schema_distribute(regnamespace)') IS NOT NULL"
        )
        [has_citus] = cursor.fetchone()
        if has_citus:
            # Tables of this transaction are reached over one connection to the worker only.
            cursor.execute("SELECT set_config('citus.multi_shard_modify_mode', 'sequential', true)")
            cursor.execute("SELECT citus_schema_distribute(%s::regnamespace)", [f'"{schema}"'])
    return bool(has_citus)
