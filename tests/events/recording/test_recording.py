from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory
from uuid_utils.compat import uuid7

import events
from events import WrongTime
from events.errors import TooLarge
from events.middleware import EventBufferMiddleware
from events.models import OutboxEvent
from events.redis.redis_client import quick

pytestmark = pytest.mark.usefixtures("empty_outbox")


def open_door(**details):
    return events.record("Door Opened", properties={"floor": 1}, **details)


def test_an_event_is_stored_with_everything_that_was_said(log):
    workspace, person = SimpleNamespace(schema_name="w_acme"), SimpleNamespace(pk=uuid7())
    at = datetime(2026, 11, 20, 9, 30, tzinfo=UTC) - timedelta(days=1)
    at = max(at, datetime.now(UTC) - timedelta(days=100))
    event_id = events.record(
        "Door Opened",
        tenant=workspace,
        person=person,
        anonymous_id=UUID(int=3),
        properties={"floor": 2, "who": 'a "quoted"\n\ttext \\ with 🚪'},
        context={"api_key": "k1"},
        time=at,
    )
    log.settle()
    [row] = log.query(
        "SELECT id, time, tenant, person, anonymous_id, properties, context FROM event"
    )
    assert row == (
        event_id,
        at,
        "w_acme",
        person.pk,
        str(UUID(int=3)),
        {"floor": 2, "who": 'a "quoted"\n\ttext \\ with 🚪'},
        {"api_key": "k1"},
    )


def test_ids_are_uuid_7_and_increase(log):
    ids = [open_door() for _ in range(20)]
    assert ids == sorted(ids)
    assert {event_id.version for event_id in ids} == {7}


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (datetime(2026, 1, 1), "needs a time zone"),
        (datetime(1970, 1, 1, tzinfo=UTC), "more than 400 days old"),
        (datetime.now(UTC) + timedelta(hours=2), "more than 10 minutes ahead"),
    ],
)
def test_a_time_without_a_zone_or_out_of_range_is_refused(log, time, words):
    with pytest.raises(WrongTime, match=words):
        open_door(time=time)


def test_an_event_of_a_megabyte_is_refused(log):
    with pytest.raises(TooLarge):
        events.record("Door Opened", properties={"floor": 1, "who": "x" * 1_000_000})


def test_a_request_sends_all_its_events_in_one_round_trip(log, settings):
    def view(request):
        for _ in range(5):
            open_door()
        assert log.waiting() == 0
        return HttpResponse()

    before = _commands(settings)
    EventBufferMiddleware(view)(RequestFactory().get("/"))
    sent = _commands(settings) - before
    assert log.waiting() == 5
    assert sent <= 2  # the script, and its first upload


def _commands(settings) -> int:
    """How often our script was called by anybody."""
    stats = quick(settings.REDIS_URL).info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("evalsha", "eval"))


def test_the_events_of_a_view_that_raised_are_sent(log):
    def view(request):
        open_door()
        raise RuntimeError("after the fact")

    with pytest.raises(RuntimeError, match="after the fact"):
        EventBufferMiddleware(view)(RequestFactory().get("/"))
    assert log.waiting() == 1


def test_the_events_of_a_request_carry_its_id_and_what_was_added(log):
    def view(request):
        events.context.add(api_key="k7")
        open_door()
        return HttpResponse()

    EventBufferMiddleware(view)(RequestFactory().get("/", headers={"X-Request-Id": "proxy-12345"}))
    open_door()
    log.settle()
    contexts = [context for (context,) in log.query("SELECT context FROM event ORDER BY id")]
    assert contexts == [{"request_id": "proxy-12345", "api_key": "k7"}, {}]


def test_a_batch_is_sent_at_its_end_or_when_asked(log):
    with events.batch():
        open_door()
        events.flush()
        assert log.waiting() == 1
        with events.batch():  # joins the outer one
            open_door()
        assert log.waiting() == 1
    assert log.waiting() == 2


def test_a_row_event_is_recorded_if_and_only_if_its_transaction_commits(log):
    with transaction.atomic():
        events.record_with_row("Door Opened", properties={"floor": 1})
        transaction.set_rollback(True)
    with transaction.atomic():
        kept = events.record_with_row("Door Opened", properties={"floor": 2})
    log.settle()
    assert log.ids() == [kept]
    assert not OutboxEvent.objects.exists()


def test_rows_recorded_together_are_one_statement_and_none_after_an_error(
    log, django_assert_num_queries
):
    @transaction.atomic
    @events.rows_together()
    def opens_a_door_in_vain():
        events.record_with_row("Door Opened", properties={"floor": 1})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        opens_a_door_in_vain()
    with transaction.atomic(), django_assert_num_queries(1), events.rows_together():
        kept = [events.record_with_row("Door Opened", properties={"floor": 2})]
        with events.rows_together():
            kept.append(events.record_with_row("Door Opened", properties={"floor": 3}))
    alone = events.record_with_row("Door Opened", properties={"floor": 4})
    log.settle()
    assert log.ids() == [*kept, alone]


def test_recording_one_id_twice_stores_it_once_even_with_another_time(log):
    event_id = open_door()
    log.settle()
    open_door(id=event_id, time=datetime.now(UTC) - timedelta(days=3))
    events.record_with_row("Door Opened", properties={"floor": 1}, id=event_id)
    log.settle()
    assert log.ids() == [event_id]
