"""A Lua script on the Redis server, called by its digest: one round trip, and few bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import redis

Value = bytes | str | int | float


@dataclass(frozen=True)
class Script:
    """Its text. Redis forgets scripts when it restarts; then the text is sent once more."""

    text: str
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "digest", digest)

    def run(self, client: redis.Redis, keys: Sequence[str], arguments: Sequence[Value]) -> Any:
        """What the script returns. Raises redis errors."""
        try:
            return client.evalsha(self.digest, len(keys), *keys, *arguments)
        except redis.exceptions.NoScriptError:
            return client.eval(self.text, len(keys), *keys, *arguments)
