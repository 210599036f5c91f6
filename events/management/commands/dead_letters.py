"""Events that could not be stored: lists them, tries to store them again, or drops them for ever."""

from __future__ import annotations

from collections import Counter
from typing import Any

import redis
from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.consuming import dead_letters
from events.store import StoreUnavailable


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["list", "replay", "drop"])
        parser.add_argument("--reason", default="", help="only those whose reason begins like this")
        parser.add_argument("--limit", type=int, default=20, help="how many `list` shows (20)")
        parser.add_argument("--all", action="store_true", help="`drop` without a reason: all")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            getattr(self, f"_{action}")(**options)
        except (redis.RedisError, StoreUnavailable) as error:
            raise CommandError(str(error)) from error

    def _list(self, *, reason: str, limit: int, **_: Any) -> None:
        reasons: Counter[str] = Counter()
        for number, letter in enumerate(dead_letters.find(reason=reason)):
            reasons[letter.reason.partition(":")[0]] += 1
            if number < limit:
                line = letter.line[:200].decode(errors="replace")
                self.stdout.write(f"{letter.at:%Y-%m-%d %H:%M:%S}  {letter.reason}\n    {line}")
        counted = ", ".join(f"{each}: {count}" for each, count in reasons.most_common())
        self.stdout.write(f"{reasons.total()} dead letters. {counted}".strip())

    def _replay(self, *, reason: str, **_: Any) -> None:
        stored, dead = dead_letters.replay(reason=reason)
        self.stdout.write(f"{stored} stored, {dead} still dead")

    def _drop(self, *, reason: str, all: bool, **_: Any) -> None:
        if not (reason or all):
            raise CommandError("Say which: --reason TEXT, or --all.")
        self.stdout.write(f"{dead_letters.drop(reason=reason)} dropped")
