"""Who follows the log and does not come along: readers that fail, are far behind, or put events aside."""

from __future__ import annotations

from collections.abc import Iterator

from events import health
from plg_site.doctor.findings import Finding, fine, problem, warning

TITLE = "Readers"


def look() -> Iterator[Finding]:
    standings = health.readers()
    for each in standings:
        trouble = each.trouble()
        facts = {"reader": each.name, "behind": each.behind, "aside": each.aside}
        if each.reason or each.unknown:
            yield problem(
                f"{each.name} {trouble}",
                f"Mend it; it is tried again by itself, or at once: manage.py readers resume {each.name}",
                **facts,
            )
        elif each.aside:
            yield problem(
                f"{each.name} {trouble}",
                f"Look at them: manage.py readers aside {each.name}; then retry or drop.",
                **facts,
            )
        elif trouble:
            yield warning(
                f"{each.name} {trouble}",
                "Does manage.py run_readers run (or consume_events --readers)?",
                **facts,
            )
        elif each.paused_at:
            yield warning(
                f"{each.name} is paused since {each.paused_at:%Y-%m-%d %H:%M} UTC,"
                f" {each.behind:,} events behind",
                f"When it may go on: manage.py readers resume {each.name}",
                **facts,
            )
        else:
            yield fine(f"{each.name} is {each.behind:,} events behind", **facts)
    if not standings:
        yield fine("nobody follows the log")
