"""What of `doctor` can be asked again and again: for the page of staff, and for Prometheus.

Left out is what asks others (name servers, mail servers), or what does not change while it runs.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from plg_site.doctor.examination import CHECKS, examine, worst
from plg_site.doctor.findings import Finding, Level

SELDOM = {
    "security", "connections", "pooler", "wildcard_dns", "mail_server", "mail_dns",
    "stripe_webhook", "billing",
}  # fmt: skip
FRESH = 10.0  # seconds for which an answer is good


@dataclass(frozen=True)
class Looked:
    """One check and all that it found."""

    name: str
    title: str
    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level:
        return worst(self.findings)


_lock = threading.Lock()
_answer: tuple[float, list[Looked]] | None = None


def looked(*, fresh: float = FRESH) -> list[Looked]:
    """What is asked often, in doctor's order; not asked again within so many seconds."""
    global _answer
    with _lock:
        if _answer is None or time.monotonic() - _answer[0] >= fresh:
            _answer = (time.monotonic(), _look())
        return _answer[1]


def forget() -> None:
    """Ask anew."""
    global _answer
    with _lock:
        _answer = None


def _look() -> list[Looked]:
    found: dict[str, tuple[str, list[Finding]]] = {}
    for name, title, finding in examine([each for each in CHECKS if each not in SELDOM]):
        found.setdefault(name, (title, []))[1].append(finding)
    return [Looked(name, title, tuple(all_of)) for name, (title, all_of) in found.items()]
