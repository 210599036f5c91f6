"""Writes a workspace into one archive. docs/archives.md says what is in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import audit
from tenants.archive import export
from tenants.models import Tenant


class Command(BaseCommand):
    help = "Write everything of a workspace into one archive (a ZIP file)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the workspace: the first part of its address")
        parser.add_argument("file", type=Path, help="where the archive goes; must not exist")
        parser.add_argument("--events", action="store_true", help="with the raw events")

    def handle(self, *args: Any, slug: str, file: Path, events: bool, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=slug).first()
        if tenant is None:
            raise CommandError(f"There is no workspace “{slug}”.")
        unfinished = file.with_name(f"{file.name}.unfinished")
        try:
            with unfinished.open("wb") as out:
                manifest = export.write(tenant, out, with_events=events, progress=self._tell)
                out.flush()
                os.fsync(out.fileno())
            unfinished.rename(file) if not file.exists() else self._refuse(file)
        finally:
            unfinished.unlink(missing_ok=True)
        rows = sum(entry.lines for entry in manifest.entries.values())
        audit.note(tenant, "export.made", by=None, target=file.name, details={"rows": rows})
        self.stdout.write(
            f"{file}: {rows} rows, {manifest.files.count} files, {file.stat().st_size} bytes"
        )
        for name in manifest.files.missing:
            self.stderr.write(f"File {name} was deleted meanwhile; it is not in the archive.")

    def _refuse(self, file: Path) -> None:
        raise CommandError(f"{file} exists.")

    def _tell(self, part: str, done: int, total: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{part}: {done} of {total}", ending="")
            self.stderr.flush()
