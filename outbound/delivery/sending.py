"""One message at a time from the ledger to its channel.

1. Claim: the most urgent one that is due, locked for moments (`SKIP LOCKED`: others take the next).
2. Ask the gates; hold or skip it, with the reason.
3. Write `sending` with a lease, and commit. From here on it is never called for a second time.
4. Call the channel, outside of any transaction.
5. Write what came of it. Who is killed between 3 and 5 leaves one row, which `sweep` calls unknown.
"""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from events.postgres import is_away
from identity.sealing import NotOpened
from outbound import channels, writing
from outbound.channels import Unknown, Way
from outbound.gating import gates
from outbound.letter import Letter
from outbound.models import WAITING, Message, State
from outbound.outcomes import NotSent, Outcome, Refused, Sent, Unclear
from outbound.topics import PRIORITIES

log = structlog.get_logger()
# Of every mail: to put these together each time costs more than to carry them out.
_SETTLE = """
    UPDATE outbound_message SET provider_id = %s, sent_at = %s, state = %s, reason = %s, detail = %s,
        sealed = %s, claimed_until = NULL
    WHERE id = %s AND state = ANY(%s)
"""
_TOLD = "UPDATE outbound_message SET provider_id = %s, sent_at = %s WHERE id = %s"
_SENDING = """
    UPDATE outbound_message SET state = %s, reason = '', claimed_until = %s, attempts = %s,
        first_tried_at = %s, subject = %s
    WHERE id = %s
"""
LEASE = timedelta(seconds=90)  # longer than any channel waits for its other side
_RECORDING = 60.0  # seconds in which the database may be away after the call


def due(names: Collection[str], *, now: datetime | None = None) -> list[tuple[int, str]]:
    """Priorities and channels of which something may leave, the most urgent first; one question,
    however much waits for later."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p, c FROM unnest(%s::int[]) AS p, unnest(%s::text[]) AS c WHERE EXISTS (
                SELECT 1 FROM outbound_message
                WHERE channel = c AND priority = p AND state IN ('ready', 'held')
                AND not_before <= %s)
            ORDER BY p
            """,
            [list(PRIORITIES), list(names), now or timezone.now()],
        )
        return list(cursor.fetchall())


def next_one(ways: Mapping[str, Way], *, now: datetime | None = None) -> Outcome | bool:
    """Deal with the most urgent one that is due for these channels. False: nothing was; True: it was
    held or skipped."""
    now = now or timezone.now()
    for priority, channel in due(ways, now=now):
        taken = _take(_due(channel, priority, now), now=now)
        if taken is True:
            return True
        if isinstance(taken, tuple):
            return _call(ways, *taken)
    return False


def _due(name: str, priority: int, now: datetime) -> QuerySet[Message]:
    rows: QuerySet[Message] = Message.objects.due(channel=name, priority=priority, now=now)
    channel = channels.get(name)
    return channel.narrowed(rows, now) if channel and channel.narrowed else rows


def try_now(message_id: UUID, *, now: datetime | None = None) -> Outcome | bool:
    """Deal with this one, if it is due and nobody else does."""
    now = now or timezone.now()
    only = Message.objects.filter(pk=message_id, state__in=WAITING, not_before__lte=now)
    taken = _take(only, now=now)
    if not isinstance(taken, tuple):
        return taken
    ways = {each.name: each.new() for each in channels.registered()}
    try:
        return _call(ways, *taken)
    finally:
        for way in ways.values():
            way.close()


def _take(rows: QuerySet[Message], *, now: datetime) -> tuple[Message, Letter] | bool:
    """The first of these is ours to send. True: it was settled without; False: there was none."""
    try:
        return _claim(rows, now=now)
    except _Failed as failed:  # what it had written is undone
        _put_off(failed, now=now)
        return True


class _Failed(Exception):
    """A gate or a letter; the message is the word for it, the cause what it raised."""

    def __init__(self, words: str, message: Message) -> None:
        super().__init__(words)
        self.message = message


def _claim(rows: QuerySet[Message], *, now: datetime) -> tuple[Message, Letter] | bool:
    with transaction.atomic():
        message = rows.select_for_update(skip_locked=True, of=("self",)).first()
        if message is None:
            return False
        failing = "gate_failed"
        try:
            verdict = gates.ask(message, now=now)
            failing = "letter_failed"
            letter = None if verdict else writing.written(message)
        except Exception as error:
            if is_away(error):  # the database, not the message
                raise
            raise _Failed(failing, message) from error
        if verdict is not None:
            _hold_or_skip(message, verdict)
            return True
        message.state, message.reason = State.SENDING, ""
        message.claimed_until = now + LEASE
        _tried(message, now)
        said: list[Any] = [message.claimed_until, message.attempts, message.first_tried_at]
        with connection.cursor() as cursor:
            cursor.execute(_SENDING, [str(State.SENDING), *said, message.subject, message.pk])
    assert letter is not None  # noqa: S101 - no verdict, so it was written
    return message, letter


def _put_off(failed: _Failed, *, now: datetime) -> None:
    """One that could not be asked about or written, unless somebody else has it by now."""
    error, waiting = failed.__cause__, Message.objects.filter(state__in=WAITING)
    with transaction.atomic():
        message = waiting.select_for_update(skip_locked=True).filter(pk=failed.message.pk).first()
        if message is None:
            return
        if isinstance(error, NotOpened):
            _settle(message, State.DEAD, "sealed_with_another_key")
            return
        log.error(f"outbound_{failed}", message=str(message.pk), exc_info=error)
        _tried(message, now)
        _again_later(message, NotSent(str(failed), type(error).__name__), now=now)


def _tried(message: Message, now: datetime) -> None:
    message.attempts += 1
    message.first_tried_at = message.first_tried_at or now


def _call(ways: Mapping[str, Way], message: Message, letter: Letter) -> Outcome:
    way = ways.get(message.channel)
    try:
        outcome = way.deliver(message, letter) if way else Refused("no_such_channel")
    except Exception as error:  # a channel's own fault: it ends this message, and no other
        log.exception("outbound_channel_failed", message=str(message.pk))
        outcome = Unclear("fault", f"{type(error).__name__}: {error}"[:300])
    _record(message, outcome)
    return outcome


def _record(message: Message, outcome: Outcome) -> None:
    """Write what came of it; the database may be away for moments just now."""
    give_up_at = time.monotonic() + _RECORDING
    while True:
        try:
            with transaction.atomic() if _tells_more(message) else nullcontext():
                return _write(message, outcome, now=timezone.now())
        except (DatabaseError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > give_up_at:
                raise
            log.warning("outbound_cannot_record", message=str(message.pk))
            connection.close()
            time.sleep(0.5)


def _tells_more(message: Message) -> bool:
    """Whether more is written than the message's own row, which is one statement."""
    channel = channels.get(message.channel)
    return channel is not None and channel.settled is not None


def _write(message: Message, outcome: Outcome, *, now: datetime) -> None:
    match outcome:
        case Sent(provider_id):
            message.provider_id, message.sent_at = provider_id, now
            _settle(message, State.SENT, "")
        case NotSent():
            _again_later(message, outcome, now=now)
        case Refused(reason, detail):
            _settle(message, State.DEAD, reason, detail)
        case Unclear(reason, detail) if _is_safe_to_repeat(message):
            _again_later(message, NotSent(reason, detail), now=now)
        case Unclear(reason, detail):
            _settle(message, State.UNKNOWN, reason, detail)
    channel = channels.get(message.channel)
    if channel and channel.settled:
        channel.settled(message, outcome)
    log.info(
        "outbound", message=str(message.pk), topic=message.topic, state=str(message.state),
        **({"reason": message.reason} if message.reason else {}),
    )  # fmt: skip


def _hold_or_skip(message: Message, verdict: gates.Verdict) -> None:
    if verdict.do is gates.Do.HOLD:
        assert verdict.until is not None  # noqa: S101 - a gate that holds says until when
        message.state, message.reason = State.HELD, verdict.reason
        message.not_before = verdict.until
        message.save(update_fields=["state", "reason", "not_before"])
    else:
        _settle(message, State.SKIPPED, verdict.reason)
    log.info("outbound_gate", message=str(message.pk), do=str(verdict.do), reason=verdict.reason)


def _again_later(message: Message, outcome: NotSent, *, now: datetime) -> None:
    """As often as the channel says; after that it is a dead letter."""
    patience = channels.patience_of(message.channel)
    pause = patience.pause(message.attempts, is_code=not message.priority)
    again = now + timedelta(seconds=(pause or 0) * random.uniform(0.8, 1.2))  # noqa: S311 - not a secret
    again = max(again, outcome.again_at or again)
    if pause is None or again > (message.first_tried_at or now) + patience.gives_up_after:
        _settle(message, State.DEAD, outcome.reason, outcome.detail)
        return
    Message.objects.filter(pk=message.pk, state__in=(*WAITING, State.SENDING)).update(
        state=State.READY,
        not_before=again,
        claimed_until=None,
        reason=outcome.reason,
        detail=outcome.detail,
        attempts=message.attempts,
        first_tried_at=message.first_tried_at,
    )
    message.state, message.reason = State.READY, outcome.reason


def _settle(message: Message, state: State, reason: str, detail: str = "") -> None:
    """Its last state, unless a provider tells more, or has already. What it said goes with it."""
    kept = message.sealed if state == State.DEAD and message.priority else ""
    open_states = (*WAITING, State.SENDING, *([State.UNKNOWN] if state != State.DEAD else []))
    said: list[Any] = [message.provider_id, message.sent_at]
    with connection.cursor() as cursor:
        became: list[Any] = [str(state), reason, detail, kept]
        became += [message.pk, list(map(str, open_states))]
        cursor.execute(_SETTLE, [*said, *became])
        if not cursor.rowcount and message.provider_id:
            cursor.execute(_TOLD, [*said, message.pk])
    message.state, message.reason = state, reason


def sweep(*, now: datetime | None = None) -> int:
    """What was in the hands of somebody who is gone: the channel was called, or not. Returns how many.

    It becomes unknown, or where the other side drops repeats, ready once more.
    """
    rows = Message.objects.filter(state=State.SENDING, claimed_until__lt=now or timezone.now())
    safe = [each.name for each in channels.registered() if each.unknown is Unknown.AGAIN]
    again = rows.filter(channel__in=safe).update(
        state=State.READY, reason="worker_gone", claimed_until=None
    )
    lost = rows.exclude(channel__in=safe).update(
        state=State.UNKNOWN, reason="worker_gone", sealed="", claimed_until=None
    )
    if lost:
        log.error("outbound_unknown", count=lost)
    return int(again + lost)


def _is_safe_to_repeat(message: Message) -> bool:
    channel = channels.get(message.channel)
    return channel is not None and channel.unknown is Unknown.AGAIN
