"""All checks, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib import import_module
from types import ModuleType

from plg_site.doctor.findings import Finding, Level, problem

CHECKS = (
    "security",
    "database",
    "connections",
    "pooler",
    "redis_memory",
    "event_log",
    "queues",
    "client_address",
    "disk",
    "bucket",
    "backups",
    "pool",
    "fleet",
    "row_failures",
    "readers",
    "wildcard_dns",
    "mail_server",
    "mail_dns",
    "outbound",
    "stripe_webhook",
    "billing",
    "clocks",
    "website",
)


def examine(names: Sequence[str] = CHECKS) -> Iterator[tuple[str, str, Finding]]:
    """The name and the title of each check with each of its findings, as they come."""
    for name in names:
        check = import_module(f"plg_site.doctor.{name}")
        for finding in _findings(check):
            yield name, check.TITLE, finding


def _findings(check: ModuleType) -> Iterator[Finding]:
    try:
        yield from check.look()
    except Exception as error:  # a check that cannot look has found something
        words = str(error).strip().split("\n")[0]
        yield problem(
            f"could not be looked at: {type(error).__name__}: {words}",
            "Mend what the other lines say first; then run manage.py doctor again.",
        )


def as_json(name: str, title: str, finding: Finding) -> dict[str, object]:
    return {"check": name, "title": title, **asdict(finding), "level": finding.level.value}


def worst(findings: Sequence[Finding]) -> Level:
    order = list(Level)
    return max((finding.level for finding in findings), key=order.index, default=Level.FINE)
