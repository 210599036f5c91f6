from django.apps import AppConfig
from django.conf import settings


class OutboundConfig(AppConfig):
    name = "outbound"

    def ready(self) -> None:
        from cms import slots
        from events import shedding
        from identity import mail
        from outbound import (  # noqa: F401
            channels,
            letter_news,
            letters,
            numbers,
            receivers,
            topics,
            webhooks,
        )  # fmt: skip
        from outbound.delivery import handing
        from outbound.gating import gates

        letters.load()
        numbers.register()
        mail.register(handing.of_identity)
        slots.register("letter", handing.of_website)
        channels.register(webhooks.WEBHOOK)
        if settings.SMS_PROVIDER:
            channels.register(channels.SMS)
        topics.register(webhooks.TOPIC)
        gates.register(webhooks.is_open)
        shedding.register(
            shedding.Measure("digests", 1, "Digests wait in the ledger."),
            shedding.Measure(
                "marketing_mail", 2, "Welcome and marketing mail waits in the ledger."
            ),
        )
