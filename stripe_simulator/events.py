"""Events: a snapshot of what changed, stored with the change and put into the outbox with it."""

import time
from collections.abc import Callable

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.presentation import present
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State

_MANNERS = "delivery_manners"
Listener = Callable[[State, Json], None]
_LISTENERS: dict[str, list[Listener]] = {}


def after(type: str) -> Callable[[Listener], Listener]:
    """Register what follows an event of this type: it is called with the object."""

    def register(listener: Listener) -> Listener:
        _LISTENERS.setdefault(type, []).append(listener)
        return listener

    return register


def emit(state: State, type: str, stored: Json, *, before: Json | None = None) -> Json:
    """Record an event about an object and queue it for every endpoint that wants it.

    `before` is the object as presented before the change: its differing attributes become
    `data.previous_attributes`.
    """
    snapshot = present(state, stored)
    data: Json = {"object": snapshot}
    if before is not None:
        data["previous_attributes"] = previous_attributes(before, snapshot)
    event = shape(
        stripe.Event,
        id=new_id("evt"),
        created=state.now(),
        data=data,
        livemode=False,
        pending_webhooks=0,
        request={
            "id": state.origin.request_id,
            "idempotency_key": state.origin.idempotency_key,
        },
        type=type,
        api_version=stripe.api_version,
    )
    for left_out in ("account", "context"):  # only events of connected accounts carry them
        del event[left_out]
    endpoints = [one for one in state.select("webhook_endpoint") if _wants(one, type)]
    event["pending_webhooks"] = len(endpoints)
    state.save(event)
    for endpoint in endpoints:
        enqueue(state, event["id"], endpoint["id"])
    for listener in _LISTENERS.get(type, ()):
        listener(state, stored)
    return event


def enqueue(state: State, event: str, endpoint: str) -> None:
    """Put it into the outbox: late or more than once, when the dashboard asks for that."""
    manners = delivery_manners(state)
    due = time.time() + manners["delay"] if manners["delay"] else 0
    for _ in range(manners["copies"]):
        state.connection.execute(
            "INSERT INTO outbox (event, endpoint, due) VALUES (?, ?, ?)", (event, endpoint, due)
        )


def delivery_manners(state: State) -> Json:
    """`delay` in seconds, `copies` of each webhook, `shuffled`: in any order."""
    kept = {"delay": 0, "copies": 1, "shuffled": False}
    return state.get("simulator.setting", _MANNERS) or kept


def set_delivery_manners(state: State, *, delay: int, copies: int, shuffled: bool) -> None:
    """How webhooks are delivered from now on: Stripe promises neither order nor once."""
    given = {"delay": delay, "copies": copies, "shuffled": shuffled}
    state.save({"id": _MANNERS, "object": "simulator.setting", **given})


def previous_attributes(before: Json, after: Json) -> Json:
    """The attributes of `before` that `after` changed, nested objects by their changed part."""
    changed: Json = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            changed[key] = previous_attributes(old, new)
        else:
            changed[key] = old
    return changed


def _wants(endpoint: Json, type: str) -> bool:
    wanted = endpoint["enabled_events"]
    return endpoint["status"] == "enabled" and ("*" in wanted or type in wanted)
