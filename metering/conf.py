"""What settings say about metering, with the defaults. Read at use, so that tests can change them."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings


def late_after() -> timedelta:
    """An event received so long after the end of its minute is marked as late."""
    return timedelta(seconds=getattr(settings, "METERING_LATE_AFTER", 300))


def close_after() -> timedelta:
    """A period's statement is made so long after its end: most late events have come by then."""
    return timedelta(seconds=getattr(settings, "METERING_CLOSE_AFTER", 3600))


def most_rows() -> int:
    """A question with more rows than this in its answer is refused."""
    return getattr(settings, "METERING_MOST_ROWS", 10_000)


def answer_within() -> timedelta:
    """A question that takes the events database longer is given up."""
    return timedelta(seconds=getattr(settings, "METERING_ANSWER_WITHIN", 10))
