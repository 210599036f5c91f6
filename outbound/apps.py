from django.apps import AppConfig


class OutboundConfig(AppConfig):
    name = "outbound"

    def ready(self) -> None:
        from cms import slots
        from identity import mail
        from outbound import handing, receivers  # noqa: F401

        mail.register(handing.of_identity)
        slots.register("mail", handing.of_website)
