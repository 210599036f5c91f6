"""A process of its own that sends, with the slow backend, until it is killed."""

from __future__ import annotations

import django


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.EMAIL_BACKEND = "tests.outbound.slow_mail.Backend"
    print("ready", flush=True)
    call_command("run_outbound")


if __name__ == "__main__":
    main()
