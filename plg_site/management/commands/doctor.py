import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from plg_site.doctor import examination
from plg_site.doctor.findings import Finding, Level


class Command(BaseCommand):
    help = (
        "Look at what this installation depends on; each line says what is and what to do. Exit code "
        "1: something must be mended before people come (with --strict: or should be looked at)."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="a list of findings, for machines")
        parser.add_argument("--strict", action="store_true", help="warnings count as problems")
        parser.add_argument(
            "--only", action="append", choices=examination.CHECKS, help="this check, repeatable"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found: list[Finding] = []
        rows = []
        for name, title, finding in examination.examine(options["only"] or examination.CHECKS):
            found.append(finding)
            rows.append(examination.as_json(name, title, finding))
            if not options["json"]:
                self._show(title, finding)
        if options["json"]:
            self.stdout.write(json.dumps(rows, indent=1))
        worst = examination.worst(found)
        if worst is Level.PROBLEM or (options["strict"] and worst is Level.WARNING):
            sys.exit(1)

    def _show(self, title: str, finding: Finding) -> None:
        mark = {
            Level.FINE: self.style.SUCCESS("✓"),
            Level.WARNING: self.style.WARNING("!"),
            Level.PROBLEM: self.style.ERROR("✗"),
        }[finding.level]
        self.stdout.write(f"{mark} {title:<14}{finding.says}")
        if finding.do:
            self.stdout.write(f"  {'':<14}→ {finding.do}")
        self.stdout.flush()
