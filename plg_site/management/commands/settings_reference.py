from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from plg_site import settings_reference


class Command(BaseCommand):
    help = (
        "Write docs/settings.md: every variable of the environment, what it means and its default."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail when it is old"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            page = settings_reference.page(settings_reference.read_by_settings())
        except settings_reference.Undocumented as error:
            raise CommandError(str(error)) from error
        path = settings_reference.PAGE
        if path.is_file() and path.read_text() == page:
            self.stdout.write("docs/settings.md is up to date.")
        elif options["check"]:
            raise CommandError("docs/settings.md is old: run manage.py settings_reference.")
        else:
            path.write_text(page)
            self.stdout.write("docs/settings.md is written.")
