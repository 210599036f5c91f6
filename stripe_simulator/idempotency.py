"""Idempotent requests, as Stripe's "Idempotent requests" page: the first answer is repeated."""

import hashlib
import json
from typing import Any

from stripe_simulator.errors import IdempotencyError
from stripe_simulator.shapes import Json
from stripe_simulator.store import State

KEPT_SECONDS = 24 * 3600


def fingerprint(method: str, path: str, params: dict[str, Any]) -> str:
    canonical = json.dumps([method, path, params], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def recall(state: State, key: str, request: str) -> tuple[int, Json] | None:
    """The answer already given to this key. Raises IdempotencyError if it asked another thing."""
    row = state.connection.execute(
        "SELECT request, status, body FROM idempotency WHERE key = ? AND created > ?",
        (key, state.clock.now() - KEPT_SECONDS),
    ).fetchone()
    if row is None:
        return None
    if row[0] != request:
        raise IdempotencyError(
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{key}' if you meant to execute a "
            "different request.",
            code="idempotency_key_in_use",
        )
    return row[1], json.loads(row[2])


def remember(state: State, key: str, request: str, status: int, body: Json) -> None:
    state.connection.execute(
        "DELETE FROM idempotency WHERE created <= ?", (state.clock.now() - KEPT_SECONDS,)
    )
    state.connection.execute(
        "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?)",
        (key, request, status, json.dumps(body), state.clock.now()),
    )
