"""What Prometheus is told of messages: what waits, how long it should have left, what was given up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Min
from django.utils import timezone

from events.metrics import Gauge, Question, Sample
from events.metrics import register as register_question
from outbound.models import WAITING, Message, State
from outbound.webhook_models import WebhookEndpoint

LATELY = timedelta(days=7)
_MESSAGES = (
    Gauge("plg_messages_waiting", "Messages that are to leave now", ("channel",), 8),
    Gauge(
        "plg_messages_late_seconds", "How long the oldest of them should have left", ("channel",), 8
    ),
    Gauge("plg_messages_in_hand", "Messages that are being sent"),
    Gauge(
        "plg_messages_troubled", "Given up, or nobody knows, in the last seven days", ("state",), 2
    ),
    Gauge("plg_webhook_endpoints", "Addresses of workspaces by state", ("state",), 4),
)


def register() -> None:
    """Let messages be counted."""
    register_question(Question("messages", _MESSAGES, _messages))


def _messages() -> Iterator[Sample]:
    now = timezone.now()
    due = Message.objects.filter(state__in=WAITING, not_before__lte=now).values("channel")
    for row in due.annotate(count=Count("pk"), oldest=Min("not_before")).order_by():
        late = (now - row["oldest"]).total_seconds()
        yield "plg_messages_waiting", (row["channel"],), row["count"]
        yield "plg_messages_late_seconds", (row["channel"],), late
    yield "plg_messages_in_hand", (), Message.objects.filter(state=State.SENDING).count()
    for state in (State.DEAD, State.UNKNOWN):
        rows = Message.objects.filter(state=state, created_at__gt=now - LATELY)
        yield "plg_messages_troubled", (state.value,), rows.count()
    endpoints = WebhookEndpoint.objects.values_list("state").annotate(Count("pk")).order_by()
    for name, count in endpoints:
        yield "plg_webhook_endpoints", (name,), count
