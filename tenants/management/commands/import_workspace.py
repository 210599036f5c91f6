"""Makes a new workspace of an archive. Nothing is written before all of it has been checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from identity import proofs
from identity.models import User
from tenants.archive import imports
from tenants.members import room
from tenants.models.archives import Import


class Command(BaseCommand):
    help = "Make a new workspace of an archive that an export has written, here or elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--owner", required=True, help="the verified address of its owner")
        parser.add_argument("--name", default="", help="default: as it was called")
        parser.add_argument("--slug", default="", help="default: made from the name")
        parser.add_argument(
            "--with-members",
            action="store_true",
            help="members who have a verified account here become members, and authors of what is theirs",
        )

        parser.add_argument(
            "--beyond-plan",
            action="store_true",
            help="also what the plan of a new workspace does not hold: choose another plan afterwards",
        )

    def handle(self, *args: Any, file: Path, owner: str, **options: Any) -> None:
        address = proofs.proved_user(owner)
        if address is None:
            raise CommandError(f"Nobody has proved that {owner} is theirs.")
        wanted = self._bring(file, address.user, options)
        done = imports.run(wanted.pk)
        if done is None:
            raise CommandError("It cannot be done at this moment; a worker will go on with it.")
        if done.state == Import.State.REFUSED or done.tenant is None:
            raise CommandError(f"Refused, nothing was written: {done.reason}. {done.words}")
        self.stdout.write(f"{done.tenant.get_absolute_url()}: {self._in_words(done.report)}")

    def _bring(self, file: Path, owner: User, options: dict[str, Any]) -> Import:
        try:
            with file.open("rb") as content:
                return imports.bring(
                    content,
                    owner=owner,
                    name=options["name"],
                    slug=options["slug"],
                    with_members=options["with_members"],
                    beyond_plan=options["beyond_plan"],
                )
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except room.TooManyWorkspaces as refused:
            raise CommandError(f"Refused, nothing was kept: {refused}") from refused
        except imports.TooManyWaiting as refused:
            raise CommandError("They have archives that are still being checked.") from refused

    def _in_words(self, report: dict[str, Any]) -> str:
        return (
            f"{sum(report['rows'].values())} rows, {report['files']} files,"
            f" {report['members']} more members; not brought along:"
            f" {len(report['members_not_brought'])} members, {report['authors_left_out']} authors,"
            f" {report['missing_files']} files"
        )
