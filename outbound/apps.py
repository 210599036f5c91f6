from django.apps import AppConfig
from django.conf import settings


class OutboundConfig(AppConfig):
    name = "outbound"

    def ready(self) -> None:
        from cms import slots
        from identity import mail
        from outbound import channels, gates, handing, receivers, topics, webhooks  # noqa: F401

        mail.register(handing.of_identity)
        slots.register("mail", handing.of_website)
        channels.register(webhooks.WEBHOOK)
        if settings.SMS_PROVIDER:
            channels.register(channels.SMS)
        topics.register(webhooks.TOPIC)
        gates.register(webhooks.is_open)
