from django.apps import AppConfig


class OutboundConfig(AppConfig):
    name = "outbound"

    def ready(self) -> None:
        from cms import slots
        from identity import mail
        from outbound import channels, gates, handing, receivers, topics, webhooks  # noqa: F401

        mail.register(handing.of_identity)
        slots.register("mail", handing.of_website)
        channels.register(webhooks.WEBHOOK)
        topics.register(webhooks.TOPIC)
        gates.register(webhooks.is_open)
