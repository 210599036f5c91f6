"""Wagtail's command of this name, done our way: one that fails ends no other, and keeps its date."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand

from cms.releases import scheduled


class Command(BaseCommand):
    help = "Publish and end pages whose date has come. A worker does so each minute."

    def handle(self, *_: Any, **__: Any) -> None:
        now = datetime.now(UTC)
        scheduled.run(now=now)
        for late in scheduled.of(now=now):
            self.stderr.write(f"{late.title}: due on {late.due:%Y-%m-%d %H:%M} UTC. {late.why}")
