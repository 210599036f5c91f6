"""Whether tasks are done in the time that their queue promises (plg_site/queues.py)."""

from __future__ import annotations

from collections.abc import Iterator

from plg_site import queues
from plg_site.doctor.findings import Finding, fine, problem, warning
from plg_site.numbers import tasks

TITLE = "Queues"
# Seconds that the next task may have waited: then somebody should look; then it is broken.
PROMISED = {queues.NOW: 30, queues.SOON: 60, queues.BEAT: 300, queues.BULK: 900}
_BROKEN = 4  # times that
_DO = "Does a worker take from this queue (celery worker), and is it not too slow for it?"


def look() -> Iterator[Finding]:
    waiting = 0
    for name, length, age in tasks.lengths():
        waiting += length
        promised = PROMISED.get(name, PROMISED[queues.SOON])
        says = f"{name}: {length:,} wait, the next one for {age:,.0f} s"
        facts = {"queue": name, "length": length, "oldest_seconds": round(age, 1)}
        if age > _BROKEN * promised:
            yield problem(says, _DO, **facts)
        elif age > promised:
            yield warning(says, _DO, **facts)
    yield fine(f"{waiting:,} tasks wait", waiting=waiting)
