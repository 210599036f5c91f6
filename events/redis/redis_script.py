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
    """Its text. Redis forgets scripts when it restarts; then the text is sent once more.

    A full Redis refuses it as a whole, before its first line. With `when_full` it runs nevertheless:
    for what reads, takes away, counts down or tells, without which it would stay full.
    """

    text: str
    when_full: bool = False
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        flags = " flags=allow-oom" if self.when_full else ""
        object.__setattr__(self, "text", f"#!lua{flags}\n{self.text}")
        digest = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()
        object.__setattr__(self, "digest", digest)

    def run(self, client: redis.Redis, keys: Sequence[str], arguments: Sequence[Value]) -> Any:
        """What the script returns. Raises redis errors."""
        try:
            return client.evalsha(self.digest, len(keys), *keys, *arguments)
        except redis.exceptions.NoScriptError:
            return client.eval(self.text, len(keys), *keys, *arguments)
