"""Brings the tables of the events database up to date, those of its projections too."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from events.store import get_store


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        for name in get_store().migrate():
            self.stdout.write(f"applied {name}")
