"""What Prometheus is told of the log: what waits, where, how long, and how far its readers are."""

from __future__ import annotations

from collections.abc import Iterator

from events import health, refusals
from events.metrics import Gauge, Question, Sample
from events.metrics import register as register_question

_LOG = (
    Gauge("plg_stream_waiting_events", "Events in the stream that are not stored yet"),
    Gauge("plg_stream_pending_parcels", "Parcels in the hands of consumers"),
    Gauge("plg_stream_fill_ratio", "Of its bound; at 1 events go to the spool"),
    Gauge("plg_events_behind_seconds", "How long the oldest event that is not stored has waited"),
    Gauge("plg_dead_letters", "Events that could not be stored"),
    Gauge("plg_spool_bytes", "Of events that wait on the disk of this machine"),
    Gauge("plg_event_outbox_rows", "Events in rows of the database"),
    Gauge("plg_log_unknown", "1: nobody answered for this part of the log", ("part",), 3),
)
_READERS = (
    Gauge("plg_reader_behind_events", "Stored after the reader's position", ("reader",), 20),
    Gauge("plg_reader_behind_seconds", "How long the oldest of them is stored", ("reader",), 20),
    Gauge("plg_reader_aside_events", "Put aside for somebody's decision", ("reader",), 20),
    Gauge("plg_reader_troubled", "1: somebody should look at the reader", ("reader",), 20),
)
_REFUSED = (Gauge("plg_events_refused", "Refused since ever, by reason", ("reason",), 30),)


def register() -> None:
    """Let the log be asked."""
    register_question(
        Question("event_log", _LOG, _log),
        Question("readers", _READERS, _readers),
        Question("refused_events", _REFUSED, _refused),
    )


def _log() -> Iterator[Sample]:
    lag = health.lag()
    yield "plg_stream_waiting_events", (), lag.waiting
    yield "plg_stream_pending_parcels", (), lag.pending
    yield "plg_stream_fill_ratio", (), lag.fill
    yield "plg_events_behind_seconds", (), max(0.0, lag.behind().total_seconds())
    yield "plg_dead_letters", (), lag.dead
    yield "plg_spool_bytes", (), lag.spool_bytes
    yield "plg_event_outbox_rows", (), lag.outbox
    for part in ("stream", "outbox", "spool"):
        yield "plg_log_unknown", (part,), part in lag.unknown


def _readers() -> Iterator[Sample]:
    for each in health.readers():
        name = (each.name,)
        yield "plg_reader_behind_events", name, each.behind
        yield "plg_reader_behind_seconds", name, max(0.0, each.lag().total_seconds())
        yield "plg_reader_aside_events", name, each.aside
        yield "plg_reader_troubled", name, bool(each.trouble())


def _refused() -> Iterator[Sample]:
    for reason, count in refusals.totals_stored().items():
        yield "plg_events_refused", (reason,), count
