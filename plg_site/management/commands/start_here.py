from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from identity import administrators
from identity.addresses import NotAnAddress


class Command(BaseCommand):
    help = (
        "Make the first administrator: a code is mailed to the address, and the sign-in with it gives"
        " the rights. Say it again when the code is lost. No password is asked for."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="the administrator's own address")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"]
        try:
            is_mailed = administrators.begin(email)
        except NotAnAddress as error:
            raise CommandError(f"{email!r} is no email address.") from error
        except administrators.ThereIsOne as error:
            raise CommandError(
                f"{error} looks after this installation already, and gives rights to others at"
                f" {settings.SITE_URL}/cms/users/."
            ) from error
        if not is_mailed:
            self.stdout.write(f"{email} has an account here, which is the administrator's now.")
            return
        self.stdout.write(
            f"A code is on its way to {email}.\nSign in with it at {settings.SITE_URL}/login/code/:"
            " from then on the rights count. Staff pages ask for a second factor, which you add there."
        )
