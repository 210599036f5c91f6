"""Schemas that are ready before anybody asks: made from templates, claimed, refilled."""

from tenants.pool.claiming import _drop_stale, add, claim, is_short, level, levels, refill
from tenants.pool.demand import targets as wanted_schemas
from tenants.pool.pg_dump import dump_schema
from tenants.pool.schemas import script as schema_script
from tenants.pool.templates import Template
from tenants.pool.templates import listed as listed_templates

__all__ = [
    "Template",
    "_drop_stale",
    "add",
    "claim",
    "dump_schema",
    "is_short",
    "level",
    "levels",
    "listed_templates",
    "refill",
    "schema_script",
    "wanted_schemas",
]
