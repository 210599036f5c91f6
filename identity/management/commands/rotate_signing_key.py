"""Give the OpenID Connect provider a new key; the old one is valid for a day more."""

from typing import Any

from django.core.management.base import BaseCommand

from identity.oidc import keys


class Command(BaseCommand):
    help = "Make a new signing key. It is published now and signs from two hours later on."

    def handle(self, *args: Any, **options: Any) -> None:
        keys.rotate()
        self.stdout.write("A new key is published; it signs in two hours.")
