"""Room where uploads, releases and the event spool are kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from django.conf import settings

from plg_site.doctor.findings import Finding, fine, problem, warning

TITLE = "Disk"
_FULL, _NEARLY = 0.02, 0.10  # of it is free
_DO = "Make room in STATE_DIR or give it a larger disk; events that Redis does not take wait there."


def look() -> Iterator[Finding]:
    room = shutil.disk_usage(settings.STATE_DIR)
    free = room.free / room.total
    facts = {"free_bytes": room.free, "total_bytes": room.total}
    says = f"{room.free / 1024**3:.1f} GiB ({free:.0%}) free in {settings.STATE_DIR}"
    if free < _FULL or room.free < 2 * settings.EVENTS_SPOOL_MAX_BYTES:
        yield problem(says, _DO, **facts)
    elif free < _NEARLY:
        yield warning(says, _DO, **facts)
    else:
        yield fine(says, **facts)
