"""The outbox: webhooks that still have to be delivered, and what became of the others.

A row is written in the transaction of the change (events.py). A row leaves only by being
delivered or given up, so a killed simulator sends what is left when it starts again.
"""

from dataclasses import dataclass

from stripe_simulator.events import delivery_manners, enqueue
from stripe_simulator.presentation import present
from stripe_simulator.shapes import Json
from stripe_simulator.store import State

MAX_ATTEMPTS = 16
_LONGEST_WAIT = 300.0


@dataclass(frozen=True)
class Delivery:
    """One event on its way to one endpoint."""

    seq: int
    event: Json
    url: str
    secret: str
    attempts: int


@dataclass(frozen=True)
class Tracked:
    """A delivery as the dashboard shows it. `delivered` in seconds since 1970 UTC."""

    url: str
    attempts: int
    delivered: int | None
    outcome: str
    given_up: bool


def next_due(state: State, now: float) -> Delivery | None:
    """The oldest delivery whose time has come; any such one, when they are to be out of order."""
    shuffled = delivery_manners(state)["shuffled"]
    while True:
        row = state.connection.execute(
            "SELECT seq, event, endpoint, attempts FROM outbox"
            " WHERE delivered IS NULL AND attempts < ? AND due <= ?"
            " ORDER BY CASE WHEN ? THEN random() ELSE seq END LIMIT 1",
            (MAX_ATTEMPTS, now, shuffled),
        ).fetchone()
        if row is None:
            return None
        event, endpoint = state.get("event", row[1]), state.get("webhook_endpoint", row[2])
        if event is not None and endpoint is not None:
            break
        state.connection.execute("DELETE FROM outbox WHERE seq = ?", (row[0],))
    return Delivery(row[0], present(state, event), endpoint["url"], endpoint["_secret"], row[3])


def mark_delivered(state: State, delivery: Delivery, outcome: str) -> None:
    state.connection.execute(
        "UPDATE outbox SET delivered = ?, attempts = attempts + 1, outcome = ? WHERE seq = ?",
        (state.now(), outcome, delivery.seq),
    )
    event = state.get("event", delivery.event["id"])
    if event is not None:
        state.save(event | {"pending_webhooks": max(event["pending_webhooks"] - 1, 0)})


def mark_failed(state: State, delivery: Delivery, outcome: str, now: float) -> None:
    """Count the attempt and wait longer after each: 1 s, 2 s, 4 s, up to five minutes."""
    due = now + min(2.0**delivery.attempts, _LONGEST_WAIT)
    state.connection.execute(
        "UPDATE outbox SET attempts = attempts + 1, due = ?, outcome = ? WHERE seq = ?",
        (due, outcome, delivery.seq),
    )


def postpone(state: State, delivery: Delivery, outcome: str, now: float, wait: float) -> None:
    """Nobody is listening: hold everything for this endpoint, in order, and count no attempt."""
    state.connection.execute(
        "UPDATE outbox SET due = ?, outcome = ? WHERE delivered IS NULL AND endpoint ="
        " (SELECT endpoint FROM outbox WHERE seq = ?)",
        (now + wait, outcome, delivery.seq),
    )


def resend(state: State, event: str) -> None:
    """Deliver an event again, under its own identifier, to every endpoint."""
    for endpoint in state.select("webhook_endpoint", {"status": "enabled"}):
        enqueue(state, event, endpoint["id"])


def tracked(state: State, event: str) -> list[Tracked]:
    rows = state.connection.execute(
        "SELECT endpoint, attempts, delivered, outcome FROM outbox WHERE event = ? ORDER BY seq",
        (event,),
    )
    return [
        Tracked(
            url=(state.get("webhook_endpoint", endpoint) or {"url": "(deleted)"})["url"],
            attempts=attempts,
            delivered=delivered,
            outcome=outcome,
            given_up=delivered is None and attempts >= MAX_ATTEMPTS,
        )
        for endpoint, attempts, delivered, outcome in rows
    ]
