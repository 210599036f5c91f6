"""A process of its own that sends, until it is killed."""

from __future__ import annotations

import django


def main() -> None:
    django.setup()
    from django.core.management import call_command

    from outbound import webhooks
    from outbound.gating import gates

    gates._registered[:] = [webhooks.is_open]  # the workspace of these tests is no real one
    call_command("run_outbound")


if __name__ == "__main__":
    main()
