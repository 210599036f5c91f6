"""Commands of libraries that would go past this project's own guards: they refuse, and name the way.

Each has a module of its name in plg_site/management/commands, which wins because plg_site comes first
in INSTALLED_APPS. Which others may be run is a list in tests/plg_site/operating/test_commands.py: one
that comes with a new version of a library has to be looked at.
"""

from __future__ import annotations

from typing import Any, Never

from django.core.management.base import BaseCommand, CommandError, CommandParser

_CREATE = "People make workspaces by signing up; from an archive: import_workspace."
_DOMAINS = "Owners bring and remove domains under Settings, where their proof in DNS is looked at."
_STRIPE = "Customers are made by the first checkout: one made here would belong to no workspace's account."
REFUSED = {
    "clone_tenant": "To copy a workspace: export_workspace, then import_workspace.",
    "create_domain": _DOMAINS,
    "create_missing_schemas": "A workspace without a schema gets one from the worker: see doctor.",
    "create_tenant": _CREATE,
    "create_tenant_superuser": "People are no part of a workspace's schema: createsuperuser.",
    "delete_domain": _DOMAINS,
    "delete_tenant": "Owners delete a workspace under Settings; what is due is removed for good, with a"
    " receipt, by purge_workspaces.",
    "djstripe_init_customers": _STRIPE,
    "djstripe_process_events": "What Stripe has said comes in order and once: take_stripe_events.",
    "djstripe_sync_customers": _STRIPE,
    "rename_schema": "The name of a schema is in every event and every file's name, and never changes."
    " Another address: Settings of the workspace.",
    "stripe_listen": "Stripe's messages come to the address of the settings: see doctor.",
}


class Refusing(BaseCommand):
    """Takes any arguments, and does nothing."""

    requires_system_checks: list[str] = []
    name = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.parse_args = lambda *args, **said: parser.parse_known_args(*args, **said)[0]  # type: ignore[assignment, method-assign]
        return parser

    def handle(self, *args: Any, **options: Any) -> Never:
        raise CommandError(f"{self.name} is not for this project. {REFUSED[self.name]}")


def refusing(module: str) -> type[Refusing]:
    """The command of the module with this name."""
    name = module.rpartition(".")[2]
    return type("Command", (Refusing,), {"name": name, "help": f"Refused. {REFUSED[name]}"})
