from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, Q, QuerySet

from tenants import pool
from tenants.fleet import planning, versions
from tenants.fleet.planning import Pace
from tenants.fleet.progress import Progress, in_words
from tenants.fleet.route import NotAtomic
from tenants.fleet.running import DatabaseGone, Report, Run
from tenants.fleet.words import plan_in_words, report_in_words
from tenants.models import Tenant
from tenants.pool import fingerprints

_ROUNDS = 3  # workspaces that were made by older processes while we ran get their turn, too


class Command(BaseCommand):
    help = (
        "Bring the schemas of all workspaces to the version of this code: canaries first, then waves, "
        "each workspace in one transaction. One that fails stays on its old version and can be used. "
        "Run it again at any time; what is current costs nothing. Exit code 1: something is behind."
    )
    requires_system_checks: list[str] = []  # seconds, for what `prepare` and the tests check

    def add_arguments(self, parser: CommandParser) -> None:
        pace = Pace()
        parser.add_argument("--plan", action="store_true", help="say what would happen, and stop")
        parser.add_argument("--check", action="store_true", help="exit code 1 if any is behind")
        parser.add_argument("--tenant", action="append", metavar="SLUG", help="only this workspace")
        parser.add_argument(
            "--no-pool", action="store_true", help="leave spare schemas as they are"
        )
        for name, kind, words in (
            ("workers", int, "workspaces at the same time; each takes a connection"),
            ("canaries", int, "that go first, one by one, of each version; one failure stops all"),
            ("first-wave", int, "workspaces in the wave after the canaries"),
            ("wave", int, "workspaces in each further wave"),
            ("stop-after", int, "failures in a wave, after which the next one does not begin"),
            ("lock-timeout", float, "seconds to wait for a table, while its users wait behind us"),
            ("retries", int, "further attempts for one whose tables are in use"),
        ):
            default = getattr(pace, name.replace("-", "_"))
            words = f"{words} (default: {default})"
            parser.add_argument(f"--{name}", type=kind, default=default, help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        names = Pace.__dataclass_fields__
        pace = Pace(**{name: options[name] for name in names})
        wanted = self._wanted(options["tenant"])
        counts = wanted.aggregate(
            all=Count("pk"), behind=Count("pk", ~Q(fingerprint=fingerprints.of_migrations()))
        )
        if options["check"]:
            return self._check(counts)
        if options["plan"]:
            return self._plan(wanted, pace)
        if not options["no_pool"] and not options["tenant"]:
            # New workspaces are made by the new code from now on: they need its schemas first.
            pool.refill()
        if counts["behind"]:
            self._migrate(wanted, pace, began)
        else:
            self.stdout.write(f"All {counts['all']:,} workspaces are current.")

    def _wanted(self, slugs: list[str] | None) -> QuerySet[Tenant]:
        if not slugs:
            return versions.fleet()
        found = versions.fleet().filter(slug__in=slugs)
        if missing := set(slugs) - set(found.values_list("slug", flat=True)):
            raise CommandError(f"There is no workspace {', '.join(sorted(missing))} to migrate.")
        return found

    def _check(self, counts: dict[str, int]) -> None:
        words = f"{counts['behind']:,} of {counts['all']:,} workspaces are behind."
        if counts["behind"]:
            raise CommandError(f"{words} Run: manage.py migrate_tenants")
        self.stdout.write(words)

    def _plan(self, wanted: QuerySet[Tenant], pace: Pace) -> None:
        plan = self._make(list(versions.behind(wanted)), pace)
        for line in plan_in_words(plan, pace=pace):
            self.stdout.write(line)

    def _migrate(self, wanted: QuerySet[Tenant], pace: Pace, began: float) -> None:
        report, tried = Report(), set()
        for _ in range(_ROUNDS):
            tenants = [each for each in versions.behind(wanted) if each.pk not in tried]
            if not tenants or report.stopped:
                break
            tried |= {tenant.pk for tenant in tenants}
            self._round(tenants, pace, report)
        for line in report_in_words(report, took=in_words(time.monotonic() - began)):
            self.stdout.write(line)
        if report.failed:
            raise CommandError(f"{len(report.failed) + report.not_tried:,} are still behind.")

    def _round(self, tenants: list[Tenant], pace: Pace, report: Report) -> None:
        plan = self._make(tenants, pace)
        progress = Progress(len(plan.moves), out=self.stdout)  # type: ignore[arg-type]
        try:
            Run(plan, pace, shown=lambda failed: progress.one(failed=failed), report=report).go()
        except DatabaseGone as error:
            raise CommandError(str(error)) from error
        finally:
            progress.end()

    def _make(self, tenants: list[Tenant], pace: Pace) -> planning.Plan:
        try:
            return planning.make(tenants, pace=pace)
        except NotAtomic as error:
            raise CommandError(str(error)) from error
