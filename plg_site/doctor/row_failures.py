"""Work over many rows of which one failed: the others went on, and this one waits for somebody."""

from __future__ import annotations

from collections.abc import Iterator

from plg_site.doctor.findings import Finding, fine, problem
from tenants import jobs

TITLE = "Single rows"


def look() -> Iterator[Finding]:
    failures = jobs.lately_failed()
    if not failures:
        yield fine("none has failed within a day")
    for what, said in sorted(failures.items()):
        yield problem(
            f"{what} failed for {said['row']}: {said['error']}",
            "The others went on, and this one is tried again. Its trace is in the worker's log: row_failed.",
        )
