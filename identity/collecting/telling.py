"""From the calls of a request to the events of the log: each by itself, so that a bad one costs no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from events import later, refusals, registry
from events.errors import EventRefused
from events.event import bounded
from identity.collecting import circumstances as circumstances_of
from identity.collecting import cleaning, ids, naming, standing, times
from identity.collecting.calls import Call, Message
from identity.collecting.naming import WrongCall
from identity.collecting.snapshot import Known, Snapshot
from identity.collecting.standing import Standing
from identity.collecting.tally import Tally

_BRACES = cleaning.DEEPEST // 2  # so many in one event, or lists of lists: look how deep they are
_NOTHING: tuple[int, dict[str, Any]] = (0, {})
_NEEDS_SOMEBODY = frozenset({"identify", "group", "alias"})  # what says nothing without an id


@dataclass(frozen=True)
class Refused:
    """A call that became no event: where it stood in the request, a word for machines, and why."""

    index: int
    reason: str
    message: str


@dataclass
class Told:
    """`lines`: the encoded events, for the log."""

    lines: list[bytes] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class _Line(msgspec.Struct, gc=False):
    """An events.Event on the wire, whose id is text already: a UUID for each would cost as much as all
    else. What calls say has no NaN any more, so nobody need look for one."""

    id: str
    name: str
    time: datetime
    received_at: datetime
    tenant: None
    person: None
    anonymous_id: str | None
    properties: dict[str, Any]
    context: dict[str, str]


_encode = msgspec.json.Encoder().encode


class Teller:
    """Turns the calls of one message into events, by a snapshot of plans; what is wrong goes to `tally`."""

    def __init__(
        self, source: Known, snapshot: Snapshot, tally: Tally, message: Message, *, now: datetime
    ) -> None:
        self._source, self._snapshot, self._tally = source, snapshot, tally
        self._message, self._clock = message, times.Clock(now)
        self._source_bytes = source.id.bytes
        self._about_source = {"source": str(source.id), "source_kind": source.kind}
        self._skew = times.skew(message.sentAt, now=now)
        self._around = message.context if isinstance(message.context, dict) else {}
        self._standings: dict[str, tuple[str, Standing]] = {}
        self._counted: dict[str, tuple[int, dict[str, Any]]] = {}

    def tell(self, start: int = 0, stop: int | None = None) -> Told:
        """The events of the calls from `start` to before `stop`. Never raises for what a call says."""
        told = Told()
        for index, call in enumerate(self._message.batch[start:stop], start):
            try:
                told.lines.append(self._line(call))
            except (WrongCall, EventRefused) as error:
                self._note(call, error.reason, str(error))
                refusals.count(error.reason)
                told.refused.append(Refused(index, error.reason, str(error)))
        for name, (amount, example) in self._counted.items():
            self._tally.name(
                name, source=self._source.id, at=self._clock.now, example=example, amount=amount
            )
        self._counted = {}
        return told

    def _line(self, call: Call) -> bytes:
        """A batch has thousands of these: what most calls do not have is looked at elsewhere."""
        if call.wrong:
            raise WrongCall("undecodable", call.wrong)
        said = call.context if type(call.context) is dict else self._around
        context = {**self._about_source, "type": call.type}
        if call.type == "track":
            name, stands = self._standing(call.event)
            if stands.is_simple and type(call.properties) is dict:
                properties = call.properties
                context["plan"] = stands.word
                self._count(name, properties)
            else:
                properties = self._planned(call, name, stands, context)
        else:
            name, properties = naming.name_of(call), naming.properties_of(call, said)
        anonymous = self._whose(call, context)
        circumstances_of.add(context, said)
        key = ids.message_id(call.messageId)
        if key:
            context["message_id"] = key[: ids.LONGEST]
        if call.not_numbers:
            self._note(call, "not_a_number", "NaN or an infinity became null.")
        when, skew = call.timestamp, self._skew
        if call.originalTimestamp is not None or call.sentAt is not None:
            when, skew = self._when(call)
        line = _encode(
            _Line(
                ids.event_id(self._source_bytes, key),
                name,
                self._clock.corrected(when, skew=skew),
                self._clock.now,
                None,
                None,
                anonymous or None,
                properties,
                context,
            )
        )
        if line.count(b"{") > _BRACES or b"[[[" in line:
            _check_depth(properties)
        return bounded(line, name)

    def _when(self, call: Call) -> tuple[Any, timedelta]:
        """The call's own time, and what its clock was behind, where it says more than most."""
        when = call.timestamp if call.timestamp is not None else call.originalTimestamp
        if (
            call.originalTimestamp is not None
        ):  # RudderStack's: its sentAt may be that of an earlier try
            sent_at = self._message.sentAt or call.sentAt
            return when, times.skew(sent_at, now=self._clock.now, is_stale=True)
        if self._message.sentAt is None:
            return when, times.skew(call.sentAt, now=self._clock.now)
        return when, self._skew

    def _whose(self, call: Call, context: dict[str, str]) -> str:
        """Adds who is meant, and returns the anonymous id. From a browser it is a claim, from a server the
        word by which the person is found when the event is stored. Raises WrongCall."""
        anonymous = ""
        if call.anonymousId is not None:
            anonymous = ids.text(call.anonymousId, "anonymousId")
        if call.userId is not None and (user := ids.text(call.userId, "userId")):
            context["user_id"] = user
            if self._source.is_trusted:
                context[later.USER] = user
        if call.groupId is not None and (group := ids.text(call.groupId, "groupId")):
            context["group_id"] = group
        if call.previousId is not None and (previous := ids.text(call.previousId, "previousId")):
            context["previous_id"] = previous
        if call.type in _NEEDS_SOMEBODY:
            _check_somebody(call.type, context, anonymous)
        return anonymous

    def _standing(self, said: Any) -> tuple[str, Standing]:
        """The name of a track, and how it stands. Raises WrongCall."""
        found = self._standings.get(said) if type(said) is str else None
        if found is None:
            name = naming.checked(said)
            found = self._standings[said] = (name, standing.of(name, self._snapshot))
        return found

    def _planned(
        self, call: Call, name: str, stands: Standing, context: dict[str, str]
    ) -> dict[str, Any]:
        """The properties as the plan has them, if there is one; the context says how it stands to it.

        Raises WrongCall, WrongProperty.
        """
        properties = call.properties
        if type(properties) is not dict:
            properties = naming.an_object(properties, "properties")
        if stands.is_counted:
            self._count(name, properties)
        context["plan"] = stands.word
        if stands.word == standing.BLOCKED:
            raise WrongCall("blocked", f"“{name}” is blocked.")
        if wrong := stands.objection(properties):
            context["plan"] = standing.VIOLATION
            self._note(call, standing.VIOLATION, wrong)
        return stands.validated(properties)

    def _count(self, name: str, properties: dict[str, Any]) -> None:
        amount, example = self._counted.get(name, _NOTHING)
        self._counted[name] = (amount + 1, example or properties)

    def _note(self, call: Call, reason: str, words: str) -> None:
        """For the page of troubles. Under a name of the caller's only where somebody decided on it."""
        said = call.event if call.type == "track" and isinstance(call.event, str) else ""
        is_known = (
            said in self._snapshot.blocked
            or said in self._snapshot.planned
            or registry.is_registered(said)
        )
        self._tally.trouble(
            source=self._source.id, name=said if is_known else "", reason=reason, at=self._clock.now,
            words=words, example=_example(call),
        )  # fmt: skip


def _check_somebody(type: str, context: Mapping[str, str], anonymous: str) -> None:
    if not (anonymous or "user_id" in context):
        raise WrongCall("nobody", f"{type} needs a userId or an anonymousId.")
    if type == "group" and "group_id" not in context:
        raise WrongCall("no_group", "group needs a groupId.")
    if type == "alias" and "previous_id" not in context:
        raise WrongCall("no_previous", "alias needs a previousId.")


def _check_depth(properties: dict[str, Any]) -> None:
    try:
        cleaning.values(properties)
    except cleaning.TooDeep:
        raise WrongCall(
            "undecodable", f"This is nested more than {cleaning.DEEPEST} times."
        ) from None


def _example(call: Call) -> dict[str, Any]:
    said = {name: getattr(call, name) for name in ("type", "event", "messageId", "timestamp")}
    found = {name: value for name, value in said.items() if value is not None}
    more = call.properties if isinstance(call.properties, dict) else {}
    return found | {f"properties.{name}": value for name, value in list(more.items())[:10]}
