"""Help for somebody who has lost authenticator and recovery codes; whoever runs this knows who asks."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand, CommandError, CommandParser

from identity.addresses import of_typed
from identity.security import letters, second_factor
from identity.signing_in import sign_ins


class Command(BaseCommand):
    help = (
        "Take away the second factors of the person with this (proved) address and sign them out "
        "everywhere. They are told by mail; staff and editors set up a new one at their next sign-in."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        email = of_typed(options["email"])
        found = EmailAddress.objects.filter(email=email, verified=True).select_related("user")
        address = found.first()
        if address is None:
            raise CommandError(f"Nobody has proved the address {options['email']}.")
        removed = second_factor.reset(address.user)
        sign_ins.end_all(address.user)
        letters.tell(letters.proved_addresses(address.user), "second_factors_reset")
        self.stdout.write(f"{email}: {removed} taken away, signed out everywhere.")
