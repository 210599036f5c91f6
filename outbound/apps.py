from django.apps import AppConfig


class OutboundConfig(AppConfig):
    name = "outbound"

    def ready(self) -> None:
        from outbound import receivers  # noqa: F401
