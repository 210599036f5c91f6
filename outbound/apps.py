from django.apps import AppConfig


class OutboundConfig(AppConfig):
    name = "outbound"

    def ready(self) -> None:
        from cms import slots
        from identity import mail
        from outbound import handing, letter_news, letters, receivers  # noqa: F401

        letters.load()
        mail.register(handing.of_identity)
        slots.register("letter", handing.of_website)
