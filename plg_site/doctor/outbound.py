"""What is to leave: whether it does, and what nobody will send any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from outbound import webhooks
from outbound.models import WAITING, Message, State
from plg_site.doctor.findings import Finding, fine, problem, warning

TITLE = "Outbound"
_LATE = timedelta(minutes=5)
_LATELY = timedelta(days=7)


def look() -> Iterator[Finding]:
    now = timezone.now()
    # A program of a customer's that is slow or gone is theirs to look after, and they are told.
    ours = Message.objects.exclude(channel=webhooks.NAME)
    due = ours.filter(state__in=WAITING, not_before__lte=now)
    late = due.filter(not_before__lte=now - _LATE).count()
    if late:
        yield problem(
            f"{late} messages should have left more than five minutes ago",
            "Is manage.py run_outbound running, and does the mail server answer?",
            late=late,
        )
    else:
        yield fine(f"{due.count()} messages wait", waiting=due.count())
    lately = ours.filter(created_at__gt=now - _LATELY)
    for state, words in ((State.DEAD, "were given up"), (State.UNKNOWN, "may have left or not")):
        if count := lately.filter(state=state).count():
            yield warning(
                f"{count} messages of the last seven days {words}",
                "Each has its reason on the staff page of messages.",
                count=count,
            )
